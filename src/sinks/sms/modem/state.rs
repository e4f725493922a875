//! Waking the modem, and how it is: SIM, network, signal.

use super::{Event, Modem, Trouble};
use crate::clock;
use crate::sinks::sms::at::{self, Lock};
use crate::sinks::sms::faults::{Fault, Registration};

impl Modem<'_> {
    /// Out of a prompt that was left hanging, and to where answers are read from.
    pub(super) async fn wake(&mut self) -> Result<(), Trouble> {
        self.escape().await?;
        self.drain().await?;
        let mut woken = Err(Trouble::Silent);
        for _ in 0..WAKES_MAX {
            woken = self.ask("AT", None).await.map(drop);
            match &woken {
                Err(Trouble::Silent | Trouble::Refused(_)) => self.drain().await?,
                Ok(()) | Err(Trouble::Gone) => break,
            }
        }
        woken?;
        self.has_answered = true;
        for command in ["ATE0", "AT+CMEE=1"] {
            self.ask_kindly(command, None).await?;
        }
        Ok(())
    }

    /// How messages travel: as octets, and told when they come.
    pub(super) async fn prepare(&mut self) -> Result<(), Trouble> {
        self.ask("AT+CMGF=0", None).await?;
        for command in ["AT+CSMS=0", "AT+CREG=1"] {
            self.ask_kindly(command, None).await?;
        }
        // Not every modem has every way; without any, the memory is looked at.
        for way in ["2,1,0,1,0", "1,1,0,1,0", "2,1,0,2,0", "2,1"] {
            if self.ask_kindly(&format!("AT+CNMI={way}"), None).await?.is_some() {
                break;
            }
        }
        Ok(())
    }

    /// Looks at SIM, network and signal, and tells what has changed.
    pub(super) async fn look(&mut self) -> Result<(), Trouble> {
        let was_up = self.state.is_ok();
        let mut state = self.ask_state().await?;
        if state.is_ok()
            && !was_up
            && let Err(trouble) = self.prepare().await
        {
            let Trouble::Refused(fault) = trouble else { return Err(trouble) };
            state = Err(format!("{}: {fault}", self.settings.port));
        }
        self.look_at =
            clock::since_boot() + if state.is_ok() { self.settings.patience.look } else { self.settings.patience.poll };
        let event = match (&state, &self.refused) {
            (Ok(_), None) => Event::Up,
            (Err(why), _) | (Ok(_), Some(why)) => Event::Down(why.clone()),
        };
        self.state = state;
        self.told.tell(event).await;
        Ok(())
    }

    pub(super) async fn ask_state(&mut self) -> Result<Result<String, String>, Trouble> {
        let port = self.settings.port.clone();
        if let Err(why) = self.unlock().await? {
            return Ok(Err(format!("{port}: {why}")));
        }
        let mut network = Registration(4);
        // The second one is for modems that know nothing but 4G.
        for (command, head) in [("AT+CREG?", "+CREG"), ("AT+CEREG?", "+CEREG")] {
            let info = self.ask_kindly(command, Some(head)).await?;
            let found = info.and_then(|info| info.first().and_then(|info| at::registration(info)));
            network = found.filter(|found| found.is_in() || network == Registration(4)).unwrap_or(network);
            if network.is_in() {
                break;
            }
        }
        let info = self.ask_kindly("AT+CSQ", Some("+CSQ")).await?;
        let signal = info.and_then(|info| info.first().and_then(|info| at::signal(info)));
        let signal = signal.map_or("signal unknown".to_owned(), |signal| signal.to_string());
        let is_in = network.is_in();
        // Without the signal, which changes all the time and is no news.
        Ok(if is_in { Ok(format!("{port}: {network}, {signal}")) } else { Err(format!("{port}: {network}")) })
    }

    /// The PIN where it is asked for; the error is words.
    pub(super) async fn unlock(&mut self) -> Result<Result<(), String>, Trouble> {
        for _ in 0..UNLOCKS_MAX {
            let info = match self.ask("AT+CPIN?", Some("+CPIN")).await {
                Ok(info) => info,
                Err(Trouble::Refused(fault)) => return Ok(Err(fault.to_string())),
                Err(trouble) => return Err(trouble),
            };
            match at::lock(info.first().map_or("", String::as_str)) {
                Lock::Open => return Ok(Ok(())),
                Lock::Puk => return Ok(Err(Fault::Modem(12).to_string())),
                Lock::Other(word) => {
                    return Ok(Err(format!("the SIM or the modem wants {word:?}; clear that in a phone")));
                }
                Lock::Pin => {
                    if let Err(why) = self.enter_pin().await? {
                        return Ok(Err(why));
                    }
                    // It takes the SIM a moment.
                    self.moved();
                    tokio::time::sleep(self.settings.patience.answer / 10).await;
                }
            }
        }
        Ok(Err("the SIM took the PIN and asks for it again".to_owned()))
    }

    pub(super) async fn enter_pin(&mut self) -> Result<Result<(), String>, Trouble> {
        let Some(pin) = self.pin.text.clone() else { return Ok(Err(Fault::Modem(11).to_string())) };
        if self.pin.is_refused {
            return Ok(Err(PIN_REFUSED.to_owned()));
        }
        let info = self.ask_kindly("AT+CPINR=\"SIM PIN\"", Some("+CPINR")).await?;
        let left = info.and_then(|info| info.iter().find_map(|info| at::tries_left(info)));
        if left.is_some_and(|left| left < PIN_TRIES) {
            return Ok(Err(PIN_REFUSED.to_owned()));
        }
        match self.ask(&format!("AT+CPIN=\"{pin}\""), None).await {
            Ok(_) => Ok(Ok(())),
            Err(Trouble::Refused(Fault::Modem(16) | Fault::Error)) => {
                self.pin.is_refused = true;
                Ok(Err(PIN_REFUSED.to_owned()))
            }
            Err(Trouble::Refused(fault)) => Ok(Err(fault.to_string())),
            Err(trouble) => Err(trouble),
        }
    }
}

const WAKES_MAX: u32 = 3;
const UNLOCKS_MAX: u32 = 10;
/// A SIM that allows fewer has refused a PIN before, perhaps this one.
const PIN_TRIES: u8 = 3;
const PIN_REFUSED: &str = "the PIN in pin_file is wrong and is not tried again, because the third wrong one locks the SIM: \
     correct the file, enter the right PIN once in a phone, then start the program anew";
