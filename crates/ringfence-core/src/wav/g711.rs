//! ITU-T G.711: one byte to one linear sample, by table.

/// The linear sample of each µ-law byte.
pub const MU_LAW: [i16; 256] = mu_law_table();

/// The linear sample of each A-law byte.
pub const A_LAW: [i16; 256] = a_law_table();

/// Decodes one µ-law byte.
#[must_use]
pub const fn mu_law(byte: u8) -> i16 {
    MU_LAW[byte as usize]
}

/// Decodes one A-law byte.
#[must_use]
pub const fn a_law(byte: u8) -> i16 {
    A_LAW[byte as usize]
}

const fn mu_law_table() -> [i16; 256] {
    let mut table = [0_i16; 256];
    let mut index = 0_u8;
    loop {
        // Bits go over the line inverted; then sign, three bits of segment, four of step.
        let code = !index;
        let exponent = (code >> 4) & 0x07;
        let mantissa = (code & 0x0f) as i16;
        let magnitude = (((mantissa << 3) + 0x84) << exponent) - 0x84;
        table[index as usize] = if code & 0x80 == 0 {
            magnitude
        } else {
            -magnitude
        };
        if index == u8::MAX {
            return table;
        }
        index += 1;
    }
}

const fn a_law_table() -> [i16; 256] {
    let mut table = [0_i16; 256];
    let mut index = 0_u8;
    loop {
        // Even bits go over the line inverted.
        let code = index ^ 0x55;
        let exponent = (code >> 4) & 0x07;
        let step = ((code & 0x0f) as i16) << 4;
        let magnitude = match exponent {
            0 => step + 8,
            _ => (step + 0x108) << (exponent - 1),
        };
        table[index as usize] = if code & 0x80 == 0 {
            -magnitude
        } else {
            magnitude
        };
        if index == u8::MAX {
            return table;
        }
        index += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mu_law_has_the_values_of_the_recommendation() {
        // Table 2a of G.711 scaled to 16 bits: largest, smallest and zero of each sign.
        assert_eq!(mu_law(0x80), 32_124);
        assert_eq!(mu_law(0x00), -32_124);
        assert_eq!(mu_law(0xff), 0);
        assert_eq!(mu_law(0x7f), 0);
        assert_eq!(mu_law(0xfe), 8);
        assert_eq!(mu_law(0x8f), 16_764);
    }

    #[test]
    fn a_law_has_the_values_of_the_recommendation() {
        assert_eq!(a_law(0xaa), 32_256);
        assert_eq!(a_law(0x2a), -32_256);
        assert_eq!(a_law(0xd5), 8);
        assert_eq!(a_law(0x55), -8);
    }

    #[test]
    fn both_laws_are_symmetric() {
        for code in 0..=127_u8 {
            assert_eq!(mu_law(code), -mu_law(code | 0x80), "µ-law {code:#x}");
            assert_eq!(a_law(code), -a_law(code | 0x80), "A-law {code:#x}");
        }
    }
}
