//! Messages and their states.

/// Which way a message went.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Direction {
    /// From a person.
    Inbound,
    /// To a person.
    Outbound,
}

impl Direction {
    /// The stable code it has in the database.
    pub const fn code(self) -> u8 {
        match self {
            Self::Inbound => 1,
            Self::Outbound => 2,
        }
    }

    /// The direction with this code.
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Inbound),
            2 => Some(Self::Outbound),
            _ => None,
        }
    }

    /// The name it has in the admin API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
        }
    }
}

/// Where a message stands. Later states never go back to earlier ones, so statuses may arrive in
/// any order and any number of times and end the same.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum MessageState {
    /// Received from a person.
    Received,
    /// Judged and refused; it never left.
    Refused,
    /// Waits in the queue for its time, to be judged again.
    Queued,
    /// Judged and allowed; waits for its call.
    Judged,
    /// The one call to Meta is under way; tied to the process that makes it.
    Calling,
    /// The call's outcome is not known. Never re-sent by itself; a status resolves it.
    Indeterminate,
    /// Meta refused it.
    Rejected,
    /// Meta accepted it.
    Accepted,
    /// Meta sent it.
    Sent,
    /// It reached the device.
    Delivered,
    /// It was read.
    Read,
    /// A voice note was played.
    Played,
    /// It failed after having been accepted.
    Failed,
}

impl MessageState {
    /// All states in their order.
    pub const ALL: [Self; 13] = [
        Self::Received,
        Self::Refused,
        Self::Queued,
        Self::Judged,
        Self::Calling,
        Self::Indeterminate,
        Self::Rejected,
        Self::Accepted,
        Self::Sent,
        Self::Delivered,
        Self::Read,
        Self::Played,
        Self::Failed,
    ];

    /// The stable code it has in the database.
    pub const fn code(self) -> u8 {
        match self {
            Self::Received => 1,
            Self::Refused => 2,
            Self::Judged => 3,
            Self::Calling => 4,
            Self::Indeterminate => 5,
            Self::Rejected => 6,
            Self::Accepted => 7,
            Self::Sent => 8,
            Self::Delivered => 9,
            Self::Read => 10,
            Self::Played => 11,
            Self::Failed => 12,
            Self::Queued => 13,
        }
    }

    /// The state with this code.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// The name it has in the admin API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Refused => "refused",
            Self::Queued => "queued",
            Self::Judged => "judged",
            Self::Calling => "calling",
            Self::Indeterminate => "indeterminate",
            Self::Rejected => "rejected",
            Self::Accepted => "accepted",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Played => "played",
            Self::Failed => "failed",
        }
    }

    /// The state after a status arrived: whichever of the two is further.
    #[must_use]
    pub fn after(self, status: Self) -> Self {
        self.max(status)
    }
}

/// What an app may know of the people it talks to.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum IdentityMode {
    /// Phone numbers and BSUIDs as Meta sends them.
    Real,
    /// A random BSUID-shaped alias of its own for each person.
    Alias,
}

impl IdentityMode {
    /// The stable code it has in the database.
    pub const fn code(self) -> u8 {
        match self {
            Self::Real => 1,
            Self::Alias => 2,
        }
    }

    /// The mode with this code.
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Real),
            2 => Some(Self::Alias),
            _ => None,
        }
    }

    /// The name it has in the configuration and the admin API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Alias => "alias",
        }
    }

    /// The mode with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "real" => Some(Self::Real),
            "alias" => Some(Self::Alias),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::prop;
    use proptest::proptest;

    use super::MessageState;

    #[test]
    fn states_stand_in_their_order_and_have_codes_of_their_own() {
        assert!(MessageState::ALL.is_sorted());
        for state in MessageState::ALL {
            assert_eq!(MessageState::from_code(state.code()), Some(state));
        }
    }

    proptest! {
        /// R4: any order and any number of repeats give one final state.
        #[test]
        fn statuses_in_any_order_end_the_same(
            mut statuses in prop::collection::vec(prop::sample::select(&MessageState::ALL[6..]), 1..8),
            seed in 0_usize..8,
        ) {
            let fold = |list: &[MessageState]| {
                list.iter().fold(MessageState::Calling, |state, status| state.after(*status))
            };
            let first = fold(&statuses);
            let turn = seed % statuses.len();
            statuses.rotate_left(turn);
            statuses.push(statuses[0]);
            assert_eq!(fold(&statuses), first);
        }
    }
}
