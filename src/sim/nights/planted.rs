//! Bugs put on purpose into what stands around the daemons' code, to see that the ledger notices them.

macro_rules! planted {
    ($($Name:ident = $name:literal: $doc:literal,)*) => {
        /// A deliberate bug.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Planted { $(#[doc = $doc] $Name,)* }

        impl Planted {
            /// Every one.
            pub const ALL: &'static [Planted] = &[$(Planted::$Name,)*];

            /// Its name on the command line.
            pub fn name(self) -> &'static str {
                match self { $(Planted::$Name => $name,)* }
            }

            /// What it does, in a sentence.
            pub fn does(self) -> &'static str {
                match self { $(Planted::$Name => $doc,)* }
            }
        }
    };
}

planted! {
    SentBeforeCommit = "sent_before_commit": "The gateway's disk says that a batch is written, and writes it three seconds later.",
    ReceiptTooSoon = "receipt_too_soon": "The station's disk says that a batch is written, and writes it three seconds later.",
    OutboxForgets = "outbox_forgets": "At a start the outbox is empty.",
    UnwrittenDropped = "unwritten_dropped": "What the disk refused is not written later.",
    LinkUpUnheard = "link_up_unheard": "The gateway does not hear that a connection is back.",
    UnknownIsQuiet = "unknown_is_quiet": "After a stop the gateway believes that it watched all the time.",
    RetainedIsLife = "retained_is_life": "Retained messages of the home's broker count as live ones.",
    EscalatesLate = "escalates_late": "The next point is asked after five minutes instead of two.",
    TakeUntold = "take_untold": "That somebody took an alert is told to nobody else.",
    SecondRow = "second_row": "A notice that comes again is taken for another alert.",
    HalfOpenBelieved = "half_open_believed": "What a half-open connection swallowed counts as delivered.",
    AckBeforeCommit = "ack_before_commit": "The home's broker is told that a press is safe as soon as it is read.",
    PressCountsAgain = "press_counts_again": "A press that the broker hands out again has a new number.",
    JumpUnnoticed = "jump_unnoticed": "When the clock is set, the clock that never jumps jumps too.",
    MarksUnwritten = "marks_unwritten": "That it watches is marked although what it saw cannot be written.",
    OldStepWins = "old_step_wins": "A station files the raise of an alert under the number of each later step.",
}

impl Planted {
    /// The bug of this name.
    pub fn named(name: &str) -> Option<Planted> {
        Planted::ALL.iter().copied().find(|planted| planted.name() == name)
    }
}
