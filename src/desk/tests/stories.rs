//! Whatever people, machines and links do in any order: desk and home end with the same alert, and a restart changes nothing.

use super::*;
use proptest::prelude::*;

/// What happens to one home's alert, in any order a person or a machine may think of.
#[derive(Debug, Clone)]
enum Happens {
    Click(u8, u8),
    Home(u8),
    Deliver,
    Wait(u16),
    Beat,
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        4 => (0..4_u8, 0..10_u8).prop_map(|(who, what)| Happens::Click(who, what)),
        2 => (0..4_u8).prop_map(Happens::Home),
        3 => Just(Happens::Deliver),
        2 => (1..400_u16).prop_map(Happens::Wait),
        1 => Just(Happens::Beat),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Goal: history is the only state. Method: a second desk is restored from what was recorded after every single
    /// input; the two must look the same and want the same sent.
    #[test]
    fn killed_after_every_input_and_restored_the_desk_is_the_same(story in proptest::collection::vec(happens(), 1..40)) {
        let mut tale = Tale::new();
        for happening in &story {
            tale.turn(happening);
            prop_assert_eq!(picture(&tale.desk), picture(&tale.desk.restored()));
            let unsent = |desk: &Desk| desk.rows.values().flat_map(|row| row.unconfirmed().map(|own| own.key.clone()))
                .collect::<Vec<_>>();
            prop_assert_eq!(unsent(&tale.desk), unsent(&tale.desk.restored()));
        }
    }

    /// Goal: desk and home end with the same alert. Method: any story, then everything is delivered.
    #[test]
    fn when_all_is_delivered_desk_and_home_agree(story in proptest::collection::vec(happens(), 1..40)) {
        let mut tale = Tale::new();
        for happening in &story {
            tale.turn(happening);
        }
        for _ in 0..200 {
            tale.turn(&Happens::Wait(1));
            tale.turn(&Happens::Deliver);
        }
        let (here, there) = (tale.desk.row(&tale.key), &tale.home.alert);
        let unsent: Vec<_> = tale.desk.rows[&tale.key].unconfirmed().collect();
        prop_assert!(!here.unconfirmed, "{:?} {:?}\n{:#?}", story, unsent, there.steps);
        // The desk has what the home sent it, so nothing is merely raised here.
        let phase = if there.phase == Phase::Raised { Phase::Received } else { there.phase };
        prop_assert_eq!(here.phase, phase);
        let person = |owner: &Option<crate::model::alert::Owner>| owner.as_ref().and_then(|o| o.actor.person.clone());
        if phase.is_open() {
            prop_assert_eq!(person(&here.owner), person(&there.owner));
        }
        prop_assert_eq!(here.closed.map(|closed| closed.outcome), there.closed.as_ref().map(|closed| closed.outcome));
    }

    /// Goal: repeats, holes that fill and any order give the same alert. Method: one life, shuffled and doubled.
    #[test]
    fn repeated_and_permuted_notices_give_the_same_alert(order in proptest::collection::vec(0..7_usize, 0..30)) {
        let mut home = Book::new("flat");
        let other = Actor { point: Some("other".parse().unwrap()), ..person("x") };
        let mut life = vec![home.raise(at(0))];
        life.push(home.enter(at(2), Actor::station("other".parse().unwrap()), Deed::Receive, None));
        life.push(home.enter(at(5), Actor::home(), Deed::Again { count: 2 }, None));
        life.push(home.enter(at(9), other.clone(), Deed::Take, Some("a".into())));
        life.push(home.enter(at(20), other.clone(), Deed::Depart, Some("b".into())));
        life.push(home.enter(at(90), other.clone(), Deed::Arrive { proof: Proof::None }, Some("c".into())));
        life.push(home.enter(at(99), other, Deed::Close { outcome: Outcome::Helped, contact: Contact::Seen }, Some("d".into())));
        let straight = |order: &[usize]| {
            let mut desk = desk();
            for n in order {
                desk.told(&life[*n], at(100)); // before any timer of the desk's own
            }
            let key = desk.rows.keys().next().cloned().expect("there is one");
            let mut view = desk.alert_view(at(100), &key, &person("p1")).expect("it is there");
            view.row.version = 0;
            format!("{view:?}")
        };
        let mut shuffled = order.clone();
        shuffled.extend(0..7);
        prop_assert_eq!(straight(&shuffled), straight(&[0, 1, 2, 3, 4, 5, 6]));
    }
}

#[test]
fn a_timer_that_was_refused_and_comes_back_with_an_undo_is_asked_anew() {
    let mut tale = Tale::new();
    // The lapse of the desk crosses the arrival at the home and is refused; then the arrival is undone.
    for happening in [Happens::Home(2), Happens::Wait(300), Happens::Home(1), Happens::Deliver, Happens::Click(2, 5)] {
        tale.turn(&happening);
    }
    for _ in 0..5 {
        tale.turn(&Happens::Wait(1));
        tale.turn(&Happens::Deliver);
    }
    let row = tale.desk.row(&tale.key);
    assert_eq!((row.unconfirmed, row.phase), (false, tale.home.alert.phase));
}

/// A desk and a home with messages between them that may wait.
struct Tale {
    desk: Desk,
    home: Book,
    key: AlertKey,
    now: Timestamp,
    up: Vec<Notice>,
    down: Vec<Outgoing>,
    clicks: u32,
}

impl Tale {
    fn new() -> Tale {
        let (mut desk, mut home) = (desk(), Book::new("flat"));
        let key = desk.told(&home.raise(at(0)), at(1));
        let up = vec![home.enter(at(1), Actor::station("lehe".parse().unwrap()), Deed::Receive, None)];
        Tale { desk, home, key, now: at(1), up, down: Vec::new(), clicks: 0 }
    }

    fn turn(&mut self, happening: &Happens) {
        let effects = match happening {
            Happens::Click(who, what) => {
                self.clicks += 1;
                let (who, key) = (["p1", "p2", "boss", "out"][usize::from(*who)], format!("c{}", self.clicks));
                self.desk.clicked(&self.key.clone(), self.now, who, deed(*what), &key)
            }
            Happens::Home(what) => {
                let (by, deed) = match what {
                    0 => (Actor::home(), Deed::Again { count: self.home.alert.count + 1 }),
                    1 => (Actor::home(), Deed::Arrive { proof: Proof::ServiceButton }),
                    2 => (Actor { point: Some("other".parse().unwrap()), ..person("x") }, Deed::Take),
                    _ => (Actor::gateway(), Deed::Overdue),
                };
                let legal = self.home.alert.judge(self.now, &by, &deed, &Timers::default()).is_ok();
                if legal {
                    let notices = self.home.enter_with_implied(self.now, by, deed, None);
                    self.up.extend(notices);
                }
                Vec::new()
            }
            Happens::Deliver => {
                for outgoing in std::mem::take(&mut self.down) {
                    self.up.extend(self.home.step(self.now, &outgoing));
                }
                let mut effects = Vec::new();
                for notice in std::mem::take(&mut self.up) {
                    effects.extend(self.desk.does(self.now, Input::Notice(Box::new(notice))));
                }
                effects
            }
            Happens::Wait(secs) => {
                self.now += Span::seconds(i64::from(*secs));
                self.desk.does(self.now, Input::Tick)
            }
            Happens::Beat => self.desk.does(self.now, beat("flat")),
        };
        self.down.extend(sends(&effects));
    }
}

fn deed(n: u8) -> Deed {
    match n {
        0 | 1 => Deed::Take,
        2 => Deed::Depart,
        3 => Deed::Arrive { proof: Proof::None },
        4 => Deed::Close { outcome: Outcome::FoundWell, contact: Contact::Seen },
        5 => Deed::Undo { step: 0 },
        6 => Deed::Release { why: "busy".into() },
        7 => Deed::TakeOver,
        8 => Deed::Note { text: "words".into() },
        _ => Deed::HandOver { to: "p2".parse().expect("a legal id") },
    }
}
