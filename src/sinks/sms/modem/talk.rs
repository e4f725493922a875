//! One command and its answer at a time, and what the modem says between any two lines.

use super::{Event, MOVES_EVERY, Modem, Trouble};
use crate::clock;
use crate::model::hex;
use crate::model::time::Span;
use crate::sinks::sms::at::{self, Ear, Heard, How, Lines};
use crate::sinks::sms::pdu::{Message, Submit};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

impl Modem<'_> {
    /// The number that the network gave it, where it says one.
    pub(super) async fn submit(&mut self, submit: &Submit) -> Result<Option<u8>, Trouble> {
        let (octets, length) = submit.write(None);
        let mut nothing = Vec::new();
        let command = format!("AT+CMGS={length}\r").into_bytes();
        let prompted = self.converse(command, None, self.settings.patience.answer, &mut nothing).await;
        let answered = match prompted {
            Ok(Answer::Prompt) => {
                let message = [hex::upper(&octets).as_bytes(), &[CONTROL_Z]].concat();
                self.converse(message, Some("+CMGS"), self.settings.patience.network, &mut nothing).await
            }
            other => other,
        };
        match answered {
            Ok(Answer::Lines(info)) => Ok(info.first().and_then(|info| at::reference(info))),
            // A second prompt, or a prompt that never came: out of it, or it takes the next command for a message.
            Ok(Answer::Prompt) | Err(Trouble::Silent) => {
                self.escape().await?;
                Err(Trouble::Silent)
            }
            Err(trouble) => Err(trouble),
        }
    }

    /// What lies in the memory is taken out of it.
    pub(super) async fn poll(&mut self) -> Result<(), Trouble> {
        self.poll_at = clock::since_boot() + self.settings.patience.poll;
        let mut taken = Vec::new();
        match self.converse(Vec::from("AT+CMGL=4\r"), None, self.settings.patience.answer, &mut taken).await {
            Ok(_) | Err(Trouble::Refused(_)) => {}
            Err(trouble) => return Err(trouble),
        }
        for index in taken {
            self.ask_kindly(&format!("AT+CMGD={index}"), None).await?;
        }
        Ok(())
    }

    /// The lines of the answer to a command.
    pub(super) async fn ask(&mut self, command: &str, head: Option<&'static str>) -> Result<Vec<String>, Trouble> {
        let command = format!("{command}\r").into_bytes();
        match self.converse(command, head, self.settings.patience.answer, &mut Vec::new()).await? {
            Answer::Lines(info) => Ok(info),
            Answer::Prompt => {
                self.escape().await?;
                Err(Trouble::Silent)
            }
        }
    }

    /// The same for a command that not every modem knows: nothing where it is refused.
    pub(super) async fn ask_kindly(
        &mut self,
        command: &str,
        head: Option<&'static str>,
    ) -> Result<Option<Vec<String>>, Trouble> {
        match self.ask(command, head).await {
            Ok(info) => Ok(Some(info)),
            Err(Trouble::Refused(_)) => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }

    /// Writes, and hears until the end of the answer; places of received messages that were read go into `taken`.
    async fn converse(
        &mut self,
        said: Vec<u8>,
        head: Option<&'static str>,
        within: Duration,
        taken: &mut Vec<u32>,
    ) -> Result<Answer, Trouble> {
        self.write(&said).await?;
        self.ear.expect(head);
        let over = tokio::time::sleep(within);
        tokio::pin!(over);
        let (mut info, mut buffer) = (Vec::new(), [0; 512]);
        loop {
            self.moved();
            let count = tokio::select! {
                () = &mut over => return Err(Trouble::Silent),
                () = tokio::time::sleep(MOVES_EVERY) => continue,
                read = self.stream.read(&mut buffer) => match read {
                    Ok(count) if count > 0 => count,
                    Ok(_) | Err(_) => return Err(Trouble::Gone),
                },
            };
            let mut end = None;
            for token in self.lines.push(buffer.get(..count).unwrap_or_default()) {
                match self.ear.hear(token) {
                    None => {}
                    Some(Heard::Info(line)) if info.len() < LINES_MAX => info.push(line),
                    Some(Heard::Info(_)) => {}
                    Some(Heard::Prompt) => end = end.or(Some(Ok(Answer::Prompt))),
                    Some(Heard::Done(Ok(()))) => {
                        end = end.or_else(|| Some(Ok(Answer::Lines(std::mem::take(&mut info)))))
                    }
                    Some(Heard::Done(Err(fault))) => end = end.or(Some(Err(Trouble::Refused(fault)))),
                    Some(heard) => {
                        if let Heard::Message { how: How::Listed { index, is_received: true }, .. } = &heard
                            && taken.len() < LINES_MAX
                        {
                            taken.push(*index);
                        }
                        self.unasked(heard).await;
                    }
                }
            }
            if let Some(end) = end {
                return end;
            }
        }
    }

    /// What is said while no command is under way.
    pub(super) async fn overhear(&mut self, bytes: &[u8]) {
        self.ear.expect(None);
        for token in self.lines.push(bytes) {
            if let Some(heard) = self.ear.hear(token) {
                self.unasked(heard).await;
            }
        }
    }

    pub(super) async fn unasked(&mut self, heard: Heard) {
        match heard {
            Heard::Message { how: How::Listed { is_received: false, .. }, .. } => {}
            Heard::Message { pdu: Ok(pdu), .. } => match pdu.message {
                Message::Deliver(deliver) => self.told.tell(Event::Came(deliver)).await,
                Message::Report(report) => self.told.tell(Event::Report(report)).await,
                Message::Submit(_) => {}
            },
            Heard::Message { pdu: Err(why), .. } => self.told.tell(Event::Unreadable(why.to_string())).await,
            Heard::Stored { .. } => self.poll_at = Span::zero(),
            Heard::Registration(_) => self.look_at = Span::zero(),
            Heard::Other(line) => tracing::debug!(line, "the modem remarks"),
            Heard::Ring | Heard::Prompt | Heard::Info(_) | Heard::Done(_) => {}
        }
    }

    /// What comes late is dropped: taken for the answer to the next command, every answer would be one command behind.
    pub(super) async fn drain(&mut self) -> Result<(), Trouble> {
        let mut buffer = [0; 512];
        for _ in 0..READS_MAX {
            self.moved();
            match tokio::time::timeout(self.settings.patience.answer / 10, self.stream.read(&mut buffer)).await {
                Err(_quiet) => break,
                Ok(Ok(count)) if count > 0 => {}
                Ok(Ok(_) | Err(_)) => return Err(Trouble::Gone),
            }
        }
        (self.lines, self.ear) = (Lines::default(), Ear::default());
        Ok(())
    }

    /// Out of a prompt, where there is one.
    pub(super) async fn escape(&mut self) -> Result<(), Trouble> {
        self.write(&[ESCAPE, b'\r']).await
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        match tokio::time::timeout(WRITTEN_WITHIN, self.stream.write_all(bytes)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Trouble::Gone),
            Err(_late) => Err(Trouble::Silent),
        }
    }

    pub(super) fn moved(&self) {
        (self.moves)();
    }
}

/// How a conversation ended.
enum Answer {
    /// `OK`, after these lines.
    Lines(Vec<String>),
    /// A message may be written.
    Prompt,
}

const ESCAPE: u8 = 0x1b;
const CONTROL_Z: u8 = 0x1a;
/// More lines than this are no answer.
const LINES_MAX: usize = 64;
/// A modem that goes on talking for longer is heard all the same.
const READS_MAX: u32 = 100;
const WRITTEN_WITHIN: Duration = Duration::from_secs(2);
