//! The local way in: a Unix socket in the state directory, for whoever stands at the box.
//!
//! What is said there is in [`crate::wire::local`]. A few may speak at once, each for seconds: whoever connects and says
//! nothing, or too much, holds back neither the loop nor the next one.

use crate::wire::Wire;
use crate::wire::local::{Answer, Ask, LINE_BYTES_MAX, Question, SOCKET};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// What somebody at the box asks, and where the answer goes.
pub struct Asked {
    /// What.
    pub ask: Ask,
    /// Takes the answer; whoever asked may have gone.
    pub answer: oneshot::Sender<Answer>,
}

/// The open socket; removed with the value.
pub struct Local {
    path: PathBuf,
    task: JoinHandle<()>,
}

impl Local {
    /// Opens the socket in `dir`; questions go to `to_loop`. What a killed daemon left there is replaced: of two daemons on
    /// one directory the second has ended before this.
    pub async fn open(dir: &Path, to_loop: mpsc::Sender<Asked>) -> io::Result<Local> {
        let path = dir.join(SOCKET);
        if is_taken(&path).await {
            return Err(io::Error::new(io::ErrorKind::AddrInUse, "another gateway listens there"));
        }
        if let Err(error) = std::fs::remove_file(&path)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error);
        }
        let listener = UnixListener::bind(&path)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(OWNER_AND_GROUP))?;
        Ok(Local { task: tokio::spawn(serve(listener, to_loop)), path })
    }
}

/// Whether somebody listens there. Nothing is waited for: where one listens that does not take anybody, stopped or with a
/// full queue, a blocking connect would hold back the watch of the home.
async fn is_taken(path: &Path) -> bool {
    match timeout(WITHIN, UnixStream::connect(path)).await {
        Ok(Ok(_)) => true,
        Ok(Err(error)) => error.kind() == io::ErrorKind::WouldBlock,
        Err(_) => true,
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        self.task.abort();
        // Somebody may have removed it already.
        std::fs::remove_file(&self.path).ok();
    }
}

async fn serve(listener: UnixListener, to_loop: mpsc::Sender<Asked>) {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let to_loop = to_loop.clone();
                tokio::spawn(async move {
                    if let Err(error) = speak(stream, to_loop).await {
                        tracing::debug!(%error, "somebody at the local socket has gone");
                    }
                    drop(place);
                });
            }
            Err(error) => {
                // Too many open files, mostly: it passes.
                tracing::warn!(%error, "the local socket does not take anybody");
                tokio::time::sleep(TRY_AGAIN_AFTER).await;
            }
        }
    }
}

async fn speak(mut stream: UnixStream, to_loop: mpsc::Sender<Asked>) -> io::Result<()> {
    let uid = stream.peer_cred().map(|who| who.uid()).ok();
    let answer = match timeout(WITHIN, line(&mut stream)).await {
        Err(_) => Answer::refused("no whole line came in time"),
        Ok(Err(error)) if error.kind() == io::ErrorKind::InvalidData => Answer::refused(error.to_string()),
        Ok(Err(error)) => return Err(error),
        Ok(Ok(line)) => match Question::from_bytes(&line) {
            Err(error) => Answer::refused(error.to_string()),
            Ok(question) => {
                // Who looks on asks several times a second; what changes something is worth a line on the card.
                match question.ask {
                    Ask::List | Ask::TestResult => tracing::debug!(uid, ask = ?question.ask, "asked at the box"),
                    Ask::Begin { .. } | Ask::End { .. } | Ask::Test => {
                        tracing::info!(uid, ask = ?question.ask, "asked at the box");
                    }
                }
                ask(question.ask, &to_loop).await
            }
        },
    };
    let mut line = answer.to_bytes();
    line.push(b'\n');
    match timeout(WITHIN, stream.write_all(&line)).await {
        Ok(written) => written,
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
    }
}

/// One line, or all there is before the other side has ended its half.
async fn line(stream: &mut UnixStream) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    BufReader::new(stream.take(LINE_BYTES_MAX as u64 + 1)).read_until(b'\n', &mut line).await?;
    if line.len() > LINE_BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "this line is longer than any question"));
    }
    Ok(line)
}

async fn ask(ask: Ask, to_loop: &mpsc::Sender<Asked>) -> Answer {
    let (answer, answered) = oneshot::channel();
    if to_loop.try_send(Asked { ask, answer }).is_err() {
        return Answer::refused("the gateway is busy or ending; ask again");
    }
    match timeout(ANSWERED_WITHIN, answered).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => Answer::refused("the gateway ended before it could answer; ask --list when it runs again"),
        Err(_) => Answer::refused("the gateway does not answer; see what holds: --list"),
    }
}

const OWNER_AND_GROUP: u32 = 0o660;
/// So many may speak at once; who comes then waits at the door.
const AT_ONCE: usize = 4;
const WITHIN: Duration = Duration::from_secs(2);
/// A disk that hangs is not waited for longer than [`super::suspending`] does.
const ANSWERED_WITHIN: Duration = Duration::from_secs(6);
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};

    /// A loop that answers every question with its own words, and what `clients` made of it.
    fn with_a_loop<T: Send + 'static>(clients: impl FnOnce(PathBuf) -> T + Send + 'static) -> T {
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (to_loop, mut asked) = mpsc::channel(AT_ONCE);
            let _local = Local::open(folder.path(), to_loop).await.unwrap();
            let path = folder.path().join(SOCKET);
            let mut clients = tokio::task::spawn_blocking(move || clients(path));
            loop {
                tokio::select! {
                    Some(Asked { ask, answer }) = asked.recv() => drop(answer.send(Answer::done(vec![format!("{ask:?}")]))),
                    ended = &mut clients => return ended.unwrap(),
                }
            }
        })
    }

    fn said(path: &Path, bytes: &[u8]) -> String {
        let mut stream = std::os::unix::net::UnixStream::connect(path).unwrap();
        // Who says too much may be cut off amid it.
        stream.write_all(bytes).ok();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok();
        answer
    }

    #[test]
    fn whoever_says_nothing_too_much_or_nonsense_holds_back_nobody() {
        with_a_loop(|path| {
            let silent: Vec<_> =
                (0..AT_ONCE - 1).map(|_| std::os::unix::net::UnixStream::connect(&path).unwrap()).collect();
            assert!(said(&path, b"{\"v\":1,\"ask\":\"list\"}\n").contains("List"));
            assert!(said(&path, b"{\"v\":2,\"ask\":\"list\"}\n").contains("version 2"));
            assert!(said(&path, b"\xff\xfe\n").contains("not a body"));
            // Who is cut off amid it may not hear why.
            let too_much = said(&path, &[b'x'; 2 * LINE_BYTES_MAX]);
            assert!(too_much.is_empty() || too_much.contains("longer"), "{too_much}");
            assert!(said(&path, b"{\"v\":1,\"ask\":\"list\"}\n").contains("List"));
            for mut silent in silent {
                let mut answer = String::new();
                silent.read_to_string(&mut answer).unwrap();
                assert!(answer.contains("in time"), "{answer}");
            }
        });
    }

    #[test]
    fn the_socket_is_for_owner_and_group_is_replaced_when_dead_and_gone_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(SOCKET);
        // What `kill -9` leaves.
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (to_loop, _asked) = mpsc::channel(1);
            let local = Local::open(folder.path(), to_loop.clone()).await.unwrap();
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o660);
            assert!(Local::open(folder.path(), to_loop).await.is_err(), "a living one is never pushed aside");
            assert!(path.exists());
            drop(local);
        });
        assert!(!path.exists());
    }

    #[test]
    fn whoever_listens_and_takes_nobody_is_not_waited_for_and_not_pushed_aside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(SOCKET);
        let stopped = std::os::unix::net::UnixListener::bind(&path).unwrap();
        // Its queue is full: whoever connects now and blocks would wait for ever.
        let full = std::thread::scope(|scope| {
            let fill = scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async {
                    let mut waiting = Vec::new();
                    while let Ok(Ok(stream)) = timeout(WITHIN, UnixStream::connect(&path)).await {
                        waiting.push(stream.into_std().unwrap());
                    }
                    waiting
                })
            });
            fill.join().unwrap()
        });
        assert!(!full.is_empty());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (to_loop, _asked) = mpsc::channel(1);
        let opened = runtime.block_on(async { Local::open(folder.path(), to_loop).await.map(drop) });
        assert_eq!(opened.unwrap_err().kind(), io::ErrorKind::AddrInUse);
        assert!(path.exists());
        drop(stopped);
    }
}
