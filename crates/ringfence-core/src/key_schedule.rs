//! When signing keys change state, with nobody tending them (design §6).
//!
//! A key's state follows from its times, so that it changes on every node at the same
//! moment and nothing needs to run at that moment. What does need to run is only the
//! making of the next key, long before it is used.

use crate::account::TokenAlg;
use crate::id::KeyId;
use crate::time::Timestamp;

/// The lengths of a key's life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeySchedule {
    /// How long a key is published before it signs, in seconds; longer than the JWKS may be cached.
    pub announce_secs: u32,
    /// How long a key signs, in seconds.
    pub use_secs: u32,
    /// How long a retired key still verifies, in seconds; longer than any token lives.
    pub retire_secs: u32,
}

/// A key's name, algorithm and times.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeyTimes {
    /// Its id, the `kid`.
    pub id: KeyId,
    /// What it signs with.
    pub alg: TokenAlg,
    /// When it was first published.
    pub announced_at: Timestamp,
    /// From when on it signs.
    pub active_from: Timestamp,
    /// From when on it signs no more; set when its successor is made.
    pub retire_at: Option<Timestamp>,
    /// From when on nothing it signed is accepted.
    pub remove_at: Option<Timestamp>,
    /// When it was withdrawn in an emergency.
    pub withdrawn_at: Option<Timestamp>,
}

/// Where a key is in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyState {
    /// Published, not signing yet.
    Announced,
    /// Signing.
    InUse,
    /// Not signing any more; what it signed is still accepted.
    Retired,
    /// Of no use any more.
    Removed,
    /// Taken away in an emergency; nothing it signed is accepted.
    Withdrawn,
}

/// What to write so that signing goes on.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct KeyPlan {
    /// From when on a new key shall sign.
    pub make: Option<Timestamp>,
    /// Keys whose times change.
    pub update: Vec<KeyTimes>,
}

impl Default for KeySchedule {
    fn default() -> Self {
        // A month of use, a day of notice, and a day and an hour for the longest-lived token to end.
        Self {
            announce_secs: 86_400,
            use_secs: 30 * 86_400,
            retire_secs: 86_400 + 3_600,
        }
    }
}

impl KeySchedule {
    fn announce_ms(&self) -> i64 {
        i64::from(self.announce_secs) * 1000
    }

    fn use_ms(&self) -> i64 {
        i64::from(self.use_secs) * 1000
    }

    fn retire_ms(&self) -> i64 {
        i64::from(self.retire_secs) * 1000
    }

    /// How long readers may keep the key set, in seconds: well below the notice a new key gets.
    #[must_use]
    pub const fn jwks_max_age_secs(&self) -> u32 {
        let half = self.announce_secs / 2;
        if half < 3_600 { half } else { 3_600 }
    }

    /// What is due for the keys of one algorithm. Nothing, when nothing is.
    #[must_use]
    pub fn due(&self, keys: &[KeyTimes], now: Timestamp) -> KeyPlan {
        let live = |key: &&KeyTimes| {
            key.retire_at.is_none()
                && matches!(key.state(now), KeyState::InUse | KeyState::Announced)
        };
        let Some(last) = keys.iter().filter(live).max_by_key(|key| key.active_from) else {
            // The first key, or the first after a withdrawal: signing must go on at once.
            return KeyPlan {
                make: Some(now),
                update: Vec::new(),
            };
        };
        let ends_at = last.active_from.plus_ms(self.use_ms());
        if now < ends_at.plus_ms(-self.announce_ms()) {
            return KeyPlan::default();
        }
        // After a long pause the old key signs on until the new one has been announced long enough.
        self.succeed(last, now.plus_ms(self.announce_ms()).max(ends_at))
    }

    /// A successor now, by request: it is announced as long as any other.
    #[must_use]
    pub fn rotate(&self, keys: &[KeyTimes], now: Timestamp) -> KeyPlan {
        let live = |key: &&KeyTimes| {
            key.retire_at.is_none()
                && matches!(key.state(now), KeyState::InUse | KeyState::Announced)
        };
        match keys.iter().filter(live).max_by_key(|key| key.active_from) {
            Some(last) => {
                let from = now.plus_ms(self.announce_ms());
                // A key that is announced only keeps its turn before its successor's.
                self.succeed(last, from.max(last.active_from.plus_ms(1)))
            }
            None => KeyPlan {
                make: Some(now),
                update: Vec::new(),
            },
        }
    }

    /// Withdraws a key at once. If it was signing, another one signs from now on.
    #[must_use]
    pub fn withdraw(&self, keys: &[KeyTimes], id: KeyId, now: Timestamp) -> KeyPlan {
        let mut plan = KeyPlan::default();
        let Some(key) = keys
            .iter()
            .find(|key| key.id == id && key.withdrawn_at.is_none())
        else {
            return plan;
        };
        plan.update.push(KeyTimes {
            withdrawn_at: Some(now),
            remove_at: Some(now.plus_ms(self.retire_ms())),
            ..*key
        });
        let others = || {
            keys.iter()
                .filter(|other| other.id != id && other.alg == key.alg)
        };
        if let Some(present) = others().find(|other| other.signs(now)) {
            // It signs on until a new successor has been announced as long as any.
            plan.update.push(KeyTimes {
                retire_at: None,
                remove_at: None,
                ..*present
            });
            return plan;
        }
        // The next announced key takes over early: its readers have seen it, or fetch it as an unknown one.
        let next = others()
            .filter(|other| other.state(now) == KeyState::Announced)
            .min_by_key(|o| o.active_from);
        match next {
            Some(next) => plan.update.push(KeyTimes {
                active_from: now,
                ..*next
            }),
            None => plan.make = Some(now),
        }
        plan
    }

    fn succeed(&self, last: &KeyTimes, from: Timestamp) -> KeyPlan {
        let retired = KeyTimes {
            retire_at: Some(from),
            remove_at: Some(from.plus_ms(self.retire_ms())),
            ..*last
        };
        KeyPlan {
            make: Some(from),
            update: vec![retired],
        }
    }
}

impl KeyTimes {
    /// Where the key is in its life.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> KeyState {
        if self.withdrawn_at.is_some() {
            KeyState::Withdrawn
        } else if self.remove_at.is_some_and(|at| at <= now) {
            KeyState::Removed
        } else if self.retire_at.is_some_and(|at| at <= now) {
            KeyState::Retired
        } else if self.active_from <= now {
            KeyState::InUse
        } else {
            KeyState::Announced
        }
    }

    /// Whether the key may sign.
    #[must_use]
    pub fn signs(&self, now: Timestamp) -> bool {
        self.state(now) == KeyState::InUse
    }

    /// Whether the key is published and its signatures are accepted.
    ///
    /// An announced key counts: another node's clock may be a little ahead.
    #[must_use]
    pub fn verifies(&self, now: Timestamp) -> bool {
        matches!(
            self.state(now),
            KeyState::Announced | KeyState::InUse | KeyState::Retired
        )
    }
}

impl KeyState {
    /// The word for people and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Announced => "announced",
            Self::InUse => "in use",
            Self::Retired => "retired",
            Self::Removed => "removed",
            Self::Withdrawn => "withdrawn",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEDULE: KeySchedule = KeySchedule {
        announce_secs: 100,
        use_secs: 1_000,
        retire_secs: 200,
    };

    /// The keys of a store, written as a plan says.
    #[derive(Default)]
    struct Keys {
        all: Vec<KeyTimes>,
        made: u64,
    }

    impl Keys {
        fn apply(&mut self, plan: KeyPlan, now: Timestamp) {
            for changed in plan.update {
                let key = self.all.iter_mut().find(|k| k.id == changed.id).unwrap();
                *key = changed;
            }
            if let Some(active_from) = plan.make {
                self.made += 1;
                let mut id = [0; 16];
                id[8..].copy_from_slice(&self.made.to_be_bytes());
                self.all.push(KeyTimes {
                    id: KeyId::from_bytes(id),
                    alg: TokenAlg::Rs256,
                    announced_at: now,
                    active_from,
                    retire_at: None,
                    remove_at: None,
                    withdrawn_at: None,
                });
            }
        }

        /// The newest of the keys in use.
        fn signer(&self, now: Timestamp) -> Option<KeyTimes> {
            let in_use = self.all.iter().filter(|key| key.signs(now));
            in_use.max_by_key(|key| key.active_from).copied()
        }
    }

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    #[test]
    fn a_thousand_rotations_leave_no_gap_and_refuse_no_token() {
        let mut keys = Keys::default();
        let mut tokens: Vec<(KeyId, i64)> = Vec::new();
        for now in (0..1_000_000).step_by(7) {
            keys.apply(SCHEDULE.due(&keys.all, at(now)), at(now));
            let signer = keys.signer(at(now)).expect("a key always signs");
            let published_for = at(now).ms_since(signer.announced_at);
            assert!(
                now < 1_000 || published_for >= 100_000,
                "signed with an unpublished key"
            );
            tokens.push((signer.id, now + 150));
            tokens.retain(|(_, ends_at)| *ends_at > now);
            for (id, _) in &tokens {
                let key = keys.all.iter().find(|k| k.id == *id).unwrap();
                assert!(key.verifies(at(now)), "a live token lost its key");
            }
            keys.all.retain(|k| k.state(at(now)) != KeyState::Removed);
            assert!(keys.all.len() <= 3);
        }
        assert!(keys.made >= 900, "{} keys", keys.made);
    }

    #[test]
    fn after_a_long_pause_the_old_key_signs_until_the_new_one_is_known() {
        let mut keys = Keys::default();
        keys.apply(SCHEDULE.due(&keys.all, at(0)), at(0));
        let first = keys.signer(at(0)).unwrap().id;
        keys.apply(SCHEDULE.due(&keys.all, at(50_000)), at(50_000));
        assert_eq!(keys.signer(at(50_099)).unwrap().id, first);
        assert_ne!(keys.signer(at(50_100)).unwrap().id, first);
        assert_eq!(SCHEDULE.due(&keys.all, at(50_000)), KeyPlan::default());
    }

    #[test]
    fn a_rotation_by_hand_announces_first() {
        let mut keys = Keys::default();
        keys.apply(SCHEDULE.due(&keys.all, at(0)), at(0));
        for n in 0..5 {
            keys.apply(SCHEDULE.rotate(&keys.all, at(10 + n)), at(10 + n));
        }
        for now in 10..500 {
            let signer = keys.signer(at(now)).expect("a key always signs");
            assert!(signer.announced_at == at(0) || now >= signer.announced_at.secs() + 100);
        }
        assert_eq!(keys.signer(at(500)).unwrap().announced_at, at(14));
    }

    #[test]
    fn a_withdrawn_key_is_refused_at_once_and_another_signs() {
        let mut keys = Keys::default();
        keys.apply(SCHEDULE.due(&keys.all, at(0)), at(0));
        let first = keys.signer(at(0)).unwrap().id;
        keys.apply(SCHEDULE.withdraw(&keys.all, first, at(10)), at(10));
        let second = keys.signer(at(10)).unwrap().id;
        assert_ne!(first, second);
        assert!(!keys.all[0].verifies(at(10)));
        assert_eq!(
            SCHEDULE.withdraw(&keys.all, first, at(11)),
            KeyPlan::default()
        );
        // With a successor announced, that one takes over early.
        keys.apply(SCHEDULE.rotate(&keys.all, at(20)), at(20));
        keys.apply(SCHEDULE.withdraw(&keys.all, second, at(30)), at(30));
        assert_eq!(keys.made, 3);
        let third = keys.signer(at(30)).unwrap();
        assert_eq!(third.announced_at, at(20));
        assert_eq!(SCHEDULE.due(&keys.all, at(31)), KeyPlan::default());
    }

    #[test]
    fn withdrawing_an_announced_key_lets_the_present_one_sign_on() {
        let mut keys = Keys::default();
        keys.apply(SCHEDULE.due(&keys.all, at(0)), at(0));
        keys.apply(SCHEDULE.rotate(&keys.all, at(10)), at(10));
        let announced = keys.all[1].id;
        keys.apply(SCHEDULE.withdraw(&keys.all, announced, at(20)), at(20));
        for now in 20..1_400 {
            keys.apply(SCHEDULE.due(&keys.all, at(now)), at(now));
            let signer = keys.signer(at(now)).expect("a key always signs");
            assert!(signer.announced_at == at(0) || now >= signer.announced_at.secs() + 100);
        }
    }

    #[test]
    fn readers_may_cache_for_less_than_the_notice() {
        assert_eq!(KeySchedule::default().jwks_max_age_secs(), 3_600);
        assert_eq!(SCHEDULE.jwks_max_age_secs(), 50);
    }
}
