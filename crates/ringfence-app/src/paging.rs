//! Pages with numbers, and what is said of them (vcc-api §1.4).

use crate::error::Error;

/// A page that is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PageRequest {
    number: u32,
    limit: u32,
}

/// A page of things, and how many there are in all.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page<T> {
    /// The page.
    pub items: Vec<T>,
    /// Its number, from 1.
    pub number: u32,
    /// How many items a page holds.
    pub limit: u32,
    /// How many items all pages hold.
    pub total: u64,
}

impl PageRequest {
    /// Takes the number of a page, from 1, and the size of pages.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the size is not from 1 to `largest`, or the number is above 1,000,000,000.
    pub fn new(number: u64, limit: u64, largest: u32) -> Result<Self, Error> {
        let limit = u32::try_from(limit)
            .ok()
            .filter(|limit| (1..=largest).contains(limit))
            .ok_or_else(|| Error::Invalid(format!("limit must be between 1 and {largest}")))?;
        let number = u32::try_from(number.max(1))
            .ok()
            .filter(|number| *number <= 1_000_000_000)
            .ok_or_else(|| Error::Invalid("page must be between 1 and 1000000000".to_owned()))?;
        Ok(Self { number, limit })
    }

    /// How many items come before the page.
    #[must_use]
    pub const fn offset(self) -> i64 {
        // Both factors have at most 30 bits or so, far from 63 together.
        (self.number as i64 - 1).saturating_mul(self.limit as i64)
    }

    /// How many items the page holds at most.
    #[must_use]
    pub const fn limit(self) -> u32 {
        self.limit
    }

    /// The page with what was found for it.
    #[must_use]
    pub fn page<T>(self, items: Vec<T>, total: i64) -> Page<T> {
        Page {
            items,
            number: self.number,
            limit: self.limit,
            total: u64::try_from(total).unwrap_or(0),
        }
    }

    /// Cuts the page out of everything there is.
    #[must_use]
    pub fn cut<T>(self, all: Vec<T>) -> Page<T> {
        let total = i64::try_from(all.len()).unwrap_or(i64::MAX);
        let skipped = usize::try_from(self.offset()).unwrap_or(usize::MAX);
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        self.page(all.into_iter().skip(skipped).take(limit).collect(), total)
    }
}

impl<T> Page<T> {
    /// How many pages there are.
    #[must_use]
    pub fn n_pages(&self) -> u64 {
        self.total.div_ceil(u64::from(self.limit.max(1)))
    }
}
