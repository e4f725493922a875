//! Questions to a person, each with a default; without a person every answer is the default.

use std::io::{BufRead, Read, Write};

/// Asks on `output`, reads answers from `input`.
pub struct Ask<R, W> {
    input: R,
    output: W,
    is_open: bool,
    /// A terminal shows what is typed; a pipe does not.
    echoes: bool,
}

impl<R: BufRead, W: Write> Ask<R, W> {
    /// Answers come from `input`, one a line; its end is nobody there.
    pub fn new(input: R, output: W) -> Ask<R, W> {
        Ask { input, output, is_open: true, echoes: false }
    }

    /// The same where the person sees what is typed.
    pub fn at_terminal(self) -> Ask<R, W> {
        Ask { echoes: true, ..self }
    }

    /// The answer to `question`, asked again until `check` takes it. An empty line, or nobody there, is `default`.
    pub fn ask<T>(&mut self, question: &str, default: &str, check: impl Fn(&str) -> Result<T, String>) -> T {
        loop {
            let shown = if default.is_empty() { String::new() } else { format!(" [{default}]") };
            self.say(&format!("{question}{shown}: "));
            let line = self.line();
            let answer = if line.is_empty() { default } else { &line };
            match check(answer) {
                Ok(answer) => return answer,
                Err(why) => {
                    // A default is always taken, so this ends with the input at the latest.
                    assert!(self.is_open || answer != default, "the default of {question:?} is refused: {why}");
                    self.say(&format!("  {why}\n"));
                }
            }
        }
    }

    /// Text for the person.
    pub fn say(&mut self, text: &str) {
        // Who has gone need not read it.
        drop(self.output.write_all(text.as_bytes()).and_then(|()| self.output.flush()));
    }

    /// The next line, without its end; empty when nobody is there.
    fn line(&mut self) -> String {
        let mut bytes = Vec::new();
        let is_read = self.is_open && (&mut self.input).take(LINE_BYTES_MAX).read_until(b'\n', &mut bytes).is_ok();
        self.is_open &= is_read && !bytes.is_empty();
        let line = String::from_utf8_lossy(&bytes).trim().to_owned();
        if !(self.echoes && bytes.ends_with(b"\n")) {
            self.say(&format!("{line}\n"));
        }
        line
    }
}

/// No answer is longer.
const LINE_BYTES_MAX: u64 = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Result<u8, String> {
        text.parse().map_err(|_| "a number from 0 to 255".to_owned())
    }

    #[test]
    fn enter_takes_the_default_and_a_wrong_answer_is_asked_again() {
        let mut output = Vec::new();
        let mut ask = Ask::new("\n300\nx\n7\n".as_bytes(), &mut output);
        assert_eq!(ask.ask("first", "4", number), 4);
        assert_eq!(ask.ask("second", "5", number), 7);
        let said = String::from_utf8(output).unwrap();
        assert_eq!(said.matches("second [5]: ").count(), 3, "{said}");
        assert_eq!(said.matches("from 0 to 255").count(), 2, "{said}");
    }

    #[test]
    fn nobody_there_is_the_default_every_time() {
        let mut ask = Ask::new("9".as_bytes(), std::io::sink());
        assert_eq!([ask.ask("a", "1", number), ask.ask("b", "2", number), ask.ask("c", "3", number)], [9, 2, 3]);
        let mut ask = Ask::new("bad".as_bytes(), std::io::sink());
        assert_eq!(ask.ask("a", "1", number), 1);
    }

    #[test]
    fn an_endless_or_broken_line_is_no_answer_and_no_harm() {
        let endless = "x".repeat(5000);
        let mut ask = Ask::new(endless.as_bytes(), std::io::sink());
        assert_eq!(ask.ask("a", "1", number), 1);
        let mut ask = Ask::new(&b"\xff\xfe\n"[..], std::io::sink());
        assert_eq!(ask.ask("a", "1", number), 1);
    }
}
