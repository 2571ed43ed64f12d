//! How often one address may ask what costs us a signature check, or one thing may be asked for: a bucket that fills with
//! time.

use crate::time::Timestamp;
use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// Addresses remembered at once. When it is full those whose bucket is full again are forgotten; if none is, the
/// newcomer is refused: an attacker with that many addresses must not push out our memory of them.
const MAX_ADDRESSES: usize = 100_000;
/// Milliseconds of a minute: the unit of the allowance.
const MINUTE: u64 = 60_000;

/// Counts calls by address, or by what is asked for. A bucket holds one minute's allowance.
#[derive(Debug)]
pub(crate) struct RateLimit<K = IpAddr> {
    per_minute: u64,
    buckets: Mutex<HashMap<K, Bucket>>,
}

/// `level` is in calls × [`MINUTE`], so that filling is exact in whole milliseconds.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    level: u64,
    at: i64,
}

impl<K: Eq + Hash> RateLimit<K> {
    pub(crate) fn new(per_minute: u32) -> Self {
        Self { per_minute: u64::from(per_minute), buckets: Mutex::new(HashMap::new()) }
    }

    /// Takes `calls` from the address's bucket, all or none.
    pub(crate) fn take(&self, address: K, calls: u64, now: Timestamp) -> bool {
        let now = now.as_millisecond();
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MAX_ADDRESSES && !buckets.contains_key(&address) {
            buckets.retain(|_, bucket| {
                bucket.level = self.filled(*bucket, now);
                // A clock that was set back: it fills from now on, and not once that has come there again.
                bucket.at = now;
                bucket.level < self.full()
            });
            if buckets.len() >= MAX_ADDRESSES {
                return false;
            }
        }
        let bucket = buckets.entry(address).or_insert(Bucket { level: self.full(), at: now });
        bucket.level = self.filled(*bucket, now);
        bucket.at = now;
        let wanted = calls.saturating_mul(MINUTE);
        let enough = bucket.level >= wanted;
        if enough {
            bucket.level -= wanted;
        }
        enough
    }

    const fn full(&self) -> u64 {
        self.per_minute.saturating_mul(MINUTE)
    }

    /// A clock that went back fills nothing.
    fn filled(&self, bucket: Bucket, now: i64) -> u64 {
        let elapsed = u64::try_from(now.saturating_sub(bucket.at)).unwrap_or(0);
        bucket.level.saturating_add(elapsed.saturating_mul(self.per_minute)).min(self.full())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(1_800_000_000_000 + milliseconds).unwrap()
    }

    #[test]
    fn a_bucket_empties_and_fills_with_time() {
        let limit = RateLimit::new(60);
        assert!((0..60).all(|_| limit.take(HERE, 1, at(0))));
        assert!(!limit.take(HERE, 1, at(999)));
        assert!(limit.take(HERE, 1, at(1000)));
        assert!(!limit.take(HERE, 1, at(1000)));
        assert!(limit.take(HERE, 60, at(100_000)));
        assert!(!limit.take(HERE, 61, at(1_000_000)));
    }

    #[test]
    fn one_address_does_not_use_up_anothers() {
        let limit = RateLimit::new(1);
        assert!(limit.take(HERE, 1, at(0)) && !limit.take(HERE, 1, at(0)));
        assert!(limit.take("192.0.2.1".parse().unwrap(), 1, at(0)));
    }

    #[test]
    fn a_clock_that_went_back_gives_nothing_away() {
        let limit = RateLimit::new(1);
        assert!(limit.take(HERE, 1, at(60_000)));
        assert!(!limit.take(HERE, 1, at(0)));
    }

    /// The hazard: addresses without end while the clock is ahead, of which none is forgotten before it has come there again.
    #[test]
    fn addresses_that_asked_while_the_clock_was_ahead_keep_no_other_out_once_it_is_set() {
        let limit = RateLimit::<usize>::new(1);
        assert!((0..MAX_ADDRESSES).all(|address| limit.take(address, 1, at(31_536_000_000))));
        assert!(!limit.take(MAX_ADDRESSES, 1, at(0)), "no bucket is full yet");
        assert!(limit.take(MAX_ADDRESSES, 1, at(60_000)));
    }
}
