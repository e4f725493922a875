//! Lines on their way to a group: one message each while there is room, joined when there is not, buttons first.
//!
//! Pure: time is an argument, and who waits for a line is whatever the caller hands in with it.

use super::pace::Pace;
use crate::model::alert::AlertId;
use crate::model::ids::HomeId;
use crate::model::time::Span;
use std::collections::BTreeMap;

/// One step of one alert, in the words a group reads.
#[derive(Debug, Clone, PartialEq)]
pub struct News {
    /// Whose alert.
    pub alert: (HomeId, AlertId),
    /// Which step.
    pub step: u32,
    /// Somebody must be found now: never behind anything else.
    pub is_button: bool,
    /// The words, one line.
    pub line: String,
    /// Whether the home's clock could be believed then.
    pub clock_trusted: bool,
}

/// How messages of one kind of robot look.
#[derive(Debug, Clone)]
pub struct Form {
    /// Stands before the lines; without it the robot takes nothing.
    pub keyword: Option<String>,
    /// Bytes of UTF-8 in one message.
    pub bytes_max: usize,
    /// The words for lines that found no room.
    pub and_more: fn(usize) -> String,
}

/// Lines in one message: more are not read.
const LINES_MAX: usize = 20;

/// Those that wait for their line, buttons aside: more would take the places in which the outbox hands over a button.
const WAITING_MAX: usize = 8;

/// Lines that nobody waits for: they go with the next message all the same, at least as a number.
const NOTED_MAX: usize = 2_000;

/// Messages under way at once; only buttons go beside another one.
const UNDER_WAY_MAX: usize = 3;

/// Alerts whose newest told step is known: more than one message can count.
const TOLD_MAX: usize = 2 * NOTED_MAX;

/// Lines that wait for a robot; `W` is who waits for each.
#[derive(Debug)]
pub struct Queue<W> {
    waiting: Vec<(News, Option<W>)>,
    pace: Pace,
    under_way: usize,
    /// The robot has had too much: until then only buttons try.
    closed_until: Option<Span>,
    told: BTreeMap<(HomeId, AlertId), u32>,
}

/// What became of a line that was handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    /// It waits.
    Waits,
    /// The group knows this step of this alert, or a later one.
    IsKnown,
    /// Too much waits already. It goes with the next message; whoever asks again then finds it known.
    IsNoted,
}

/// What is to be done next.
#[derive(Debug, PartialEq)]
pub enum Next<W> {
    /// Send this now; afterwards [`Queue::done`].
    Send(Message<W>),
    /// Look again after that long, or when a message is done.
    Wait(Span),
    /// Nothing waits.
    Nothing,
}

/// One message.
#[derive(Debug, PartialEq)]
pub struct Message<W> {
    /// What the group reads.
    pub text: String,
    /// The steps it tells.
    pub news: Vec<((HomeId, AlertId), u32)>,
    /// Who waited for them.
    pub waiting: Vec<W>,
    /// Whether the home's clock could be believed whenever one of them came.
    pub clock_trusted: bool,
}

impl<W> Queue<W> {
    /// Nothing waits.
    pub fn new(pace: Pace) -> Queue<W> {
        Queue { waiting: Vec::new(), pace, under_way: 0, closed_until: None, told: BTreeMap::new() }
    }

    /// Hands in a line.
    pub fn push(&mut self, news: News, waiting: W) -> Pushed {
        if self.told.get(&news.alert).is_some_and(|told| *told >= news.step) {
            return Pushed::IsKnown;
        }
        let others = self.waiting.iter().filter(|(news, waiting)| !news.is_button && waiting.is_some()).count();
        let may_wait = news.is_button || others < WAITING_MAX;
        let noted = self
            .waiting
            .iter()
            .position(|(other, waiting)| waiting.is_none() && (&other.alert, other.step) == (&news.alert, news.step));
        let room = self.waiting.len() < NOTED_MAX;
        match noted.and_then(|at| self.waiting.get_mut(at)) {
            Some((_, noted)) => *noted = Some(waiting).filter(|_| may_wait),
            None if may_wait => self.waiting.push((news, Some(waiting))),
            None if room => self.waiting.push((news, None)),
            None => {}
        }
        if may_wait { Pushed::Waits } else { Pushed::IsNoted }
    }

    /// What is to be done at `now` (since boot). The line of who no longer waits goes all the same: the outbox asks again.
    pub fn next(&mut self, now: Span, form: &Form, still_waits: impl Fn(&W) -> bool) -> Next<W> {
        for (_, waiting) in &mut self.waiting {
            *waiting = waiting.take().filter(&still_waits);
        }
        let has_button = self.waiting.iter().any(|(news, _)| news.is_button);
        if self.waiting.is_empty() {
            return Next::Nothing;
        }
        let closed = self.closed_until.map_or(Span::zero(), |until| until - now).max(Span::zero());
        if !has_button && closed > Span::zero() {
            return Next::Wait(closed);
        }
        let under_way_max = if has_button { UNDER_WAY_MAX } else { 1 };
        if self.under_way >= under_way_max {
            return Next::Wait(LOOK_AGAIN);
        }
        match self.pace.take(now, has_button) {
            Ok(()) => {
                self.under_way += 1;
                Next::Send(self.message(form))
            }
            Err(wait) => Next::Wait(wait),
        }
    }

    /// A message has been sent, or has failed.
    pub fn done(&mut self, news: &[((HomeId, AlertId), u32)], is_told: bool) {
        self.under_way = self.under_way.saturating_sub(1);
        for (alert, step) in news.iter().filter(|_| is_told) {
            let told = self.told.entry(alert.clone()).or_default();
            *told = (*told).max(*step);
        }
        while self.told.len() > TOLD_MAX {
            // The oldest alert of the first home; one gateway has one home.
            self.told.pop_first();
        }
    }

    /// From now on it is so many in a minute.
    pub fn keep_to(&mut self, per_minute: u32, now: Span) {
        self.pace.keep_to(per_minute, now);
    }

    /// The robot has had too much.
    pub fn close_until(&mut self, until: Span) {
        self.closed_until = Some(until);
    }

    /// Buttons first, then the others as they came; beside a message under way buttons go alone, so that the steps of
    /// an alert do not overtake each other. A button that finds no room waits for the next message.
    fn message(&mut self, form: &Form) -> Message<W> {
        let taken = std::mem::take(&mut self.waiting);
        let (buttons, others): (Vec<_>, Vec<_>) = taken.into_iter().partition(|(news, _)| news.is_button);
        let mut text = Text::new(form);
        let mut message = Message { text: String::new(), news: Vec::new(), waiting: Vec::new(), clock_trusted: true };
        let others = if self.under_way > 1 {
            self.waiting = others;
            Vec::new()
        } else {
            others
        };
        for (news, waiting) in buttons.into_iter().chain(others) {
            let step = (news.alert.clone(), news.step);
            // Through two channels to one robot it comes twice and is said once.
            let goes = message.news.contains(&step) || text.add(&news.line, !news.is_button);
            if !goes {
                self.waiting.push((news, waiting));
                continue;
            }
            message.news.push(step);
            message.clock_trusted &= news.clock_trusted;
            message.waiting.extend(waiting);
        }
        message.text = text.finish();
        message
    }
}

/// While three messages hang, somebody looks again.
const LOOK_AGAIN: Span = Span::seconds(1);

/// A message as it grows.
struct Text<'f> {
    form: &'f Form,
    text: String,
    lines: usize,
    left_out: usize,
}

impl<'f> Text<'f> {
    fn new(form: &'f Form) -> Text<'f> {
        Text { form, text: String::new(), lines: 0, left_out: 0 }
    }

    /// Adds a line, or counts it as left out where that may be; `false` if neither.
    fn add(&mut self, line: &str, may_be_left_out: bool) -> bool {
        let fits = self.lines < LINES_MAX && self.text.len() + 1 + line.len() <= self.room();
        if self.lines == 0 {
            self.text.push_str(cut(line, self.room()));
        } else if fits && self.left_out == 0 {
            self.text.push('\n');
            self.text.push_str(line);
        } else if may_be_left_out {
            self.left_out += 1;
            return true;
        } else {
            return false;
        }
        self.lines += 1;
        true
    }

    fn finish(self) -> String {
        let keyword = self.keyword();
        let more = if self.left_out > 0 { format!("\n{}", (self.form.and_more)(self.left_out)) } else { String::new() };
        format!("{keyword}{}{more}", self.text)
    }

    /// Bytes for the lines: keyword and "and so many more" always find room.
    fn room(&self) -> usize {
        let more = (self.form.and_more)(NOTED_MAX).len() + 1;
        self.form.bytes_max.saturating_sub(self.keyword().len() + more)
    }

    fn keyword(&self) -> String {
        self.form.keyword.as_ref().map(|keyword| format!("{keyword} ")).unwrap_or_default()
    }
}

/// As much of `text` as `bytes_max` hold, never a part of a character.
fn cut(text: &str, bytes_max: usize) -> &str {
    let mut end = bytes_max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests;
