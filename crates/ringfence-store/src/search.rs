//! Texts to look for, as patterns of `LIKE … ESCAPE '!'`.

/// The pattern of texts that hold this one.
pub(crate) fn like_contains(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for sign in text.chars() {
        if matches!(sign, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(sign);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_of_patterns_stand_for_themselves() {
        assert_eq!(like_contains("a%b_c!"), "%a!%b!_c!!%");
        assert_eq!(like_contains(""), "%%");
    }
}
