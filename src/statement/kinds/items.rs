//! Numbers of items, as a statement about a certificate lists them.

/// The largest item number of a certificate (n..8 of the trade data elements).
pub const ITEM_NUMBER_MAX: u32 = 99_999_999;

/// Whether these are item numbers from 1 on, rising, so that each list has one spelling and nothing stands in it twice.
pub(super) fn are_rising(numbers: &[u32]) -> bool {
    numbers.is_sorted_by(|a, b| a < b) && numbers.iter().all(|number| (1..=ITEM_NUMBER_MAX).contains(number))
}
