//! One connection at a door of the station: with TLS or without, one of so many places, and never for longer than it is of use.

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;
use tokio_rustls::server::TlsStream;

/// One connection, until its time is over.
pub(super) struct Visit {
    stream: Stream,
    lasts: Lasts,
    ends: Pin<Box<Sleep>>,
    _place: Place,
}

/// What carries it.
pub(super) enum Stream {
    /// On this machine, or on a network of which it was said that it may be.
    Plain(TcpStream),
    /// Through TLS.
    Tls(Box<TlsStream<TcpStream>>),
}

/// How long it may last. Whoever only opens connections, sends a request byte by byte or never reads its answer holds a place for
/// that long.
#[derive(Debug, Clone, Copy)]
pub(super) enum Lasts {
    /// So long, whatever it does; what is left of that when TLS has begun.
    InAll,
    /// So long after the last byte that the other side took; a stream of events goes on for as long as somebody reads it.
    SinceTaken(Duration),
}

impl Visit {
    /// A connection that takes `place` until it ends, and `ends` unless something makes it last longer.
    pub fn new(stream: Stream, lasts: Lasts, ends: Sleep, place: Place) -> Visit {
        Visit { stream, lasts, ends: Box::pin(ends), _place: place }
    }

    /// The stream; an error once the time is over.
    fn stream(&mut self, cx: &mut Context<'_>) -> io::Result<Pin<&mut dyn Both>> {
        if self.ends.as_mut().poll(cx).is_ready() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream),
            Stream::Tls(stream) => Pin::new(stream.as_mut()),
        })
    }
}

trait Both: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Both for T {}

impl AsyncRead for Visit {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.stream(cx)?.poll_read(cx, into)
    }
}

impl AsyncWrite for Visit {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = self.stream(cx)?.poll_write(cx, bytes);
        if let (Poll::Ready(Ok(1..)), Lasts::SinceTaken(span)) = (&written, self.lasts) {
            self.ends.set(tokio::time::sleep(span));
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream(cx)?.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream(cx)?.poll_shutdown(cx)
    }
}

/// How many are in, in all and from each address.
#[derive(Clone)]
pub(super) struct Places {
    in_all: usize,
    each: usize,
    taken: Arc<Mutex<BTreeMap<IpAddr, usize>>>,
}

/// One of them, free again when it is dropped.
pub(super) struct Place {
    places: Places,
    of: IpAddr,
}

impl Places {
    /// So many in all, and so many of them for one address at most.
    pub fn of(in_all: usize, each: usize) -> Places {
        Places { in_all, each, taken: Arc::default() }
    }

    /// One for this address, if any is left for it.
    pub fn take(&self, of: IpAddr) -> Option<Place> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let in_all: usize = taken.values().sum();
        let here = taken.get(&of).copied().unwrap_or_default();
        if in_all >= self.in_all || here >= self.each {
            return None;
        }
        taken.insert(of, here + 1);
        Some(Place { places: self.clone(), of })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(here) = taken.get_mut(&self.of) {
            *here -= 1;
            if *here == 0 {
                taken.remove(&self.of);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    #[test]
    fn one_address_cannot_take_every_place_and_a_place_that_is_left_is_free_again() {
        let places = Places::of(512, 128);
        let ip = |nth: u8| IpAddr::from([203, 0, 113, nth]);
        let mut of_one: Vec<Place> = std::iter::from_fn(|| places.take(ip(1))).take(512).collect();
        assert_eq!(of_one.len(), 128);
        let others: Vec<Place> =
            (2..9).flat_map(|nth| std::iter::from_fn(|| places.take(ip(nth))).collect::<Vec<_>>()).collect();
        assert_eq!(of_one.len() + others.len(), 512);
        assert!(places.take(ip(9)).is_none());
        of_one.pop();
        assert!(places.take(ip(9)).is_some());
        drop((of_one, others));
        assert!(places.taken.lock().unwrap().is_empty());
    }

    const SPAN: Duration = Duration::from_secs(60);

    /// Both ends of a connection, ours with this much time.
    async fn visit(lasts: Lasts) -> (Visit, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let theirs = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (ours, address) = listener.accept().await.unwrap();
        let place = Places::of(1, 1).take(address.ip()).unwrap();
        (Visit::new(Stream::Plain(ours), lasts, tokio::time::sleep(SPAN), place), theirs)
    }

    #[tokio::test]
    async fn what_is_read_buys_no_time_and_what_is_taken_does_unless_the_time_is_for_all() {
        for (lasts, buys) in [(Lasts::SinceTaken(SPAN), true), (Lasts::InAll, false)] {
            let (mut visit, mut theirs) = visit(lasts).await;
            let begun = visit.ends.deadline();
            theirs.write_all(b"GET / HT").await.unwrap();
            let mut piece = [0; 8];
            visit.read_exact(&mut piece).await.unwrap();
            assert_eq!(visit.ends.deadline(), begun, "a request that trickles in");
            visit.write_all(b"data: 1").await.unwrap();
            assert_eq!(visit.ends.deadline() > begun, buys, "an answer: {lasts:?}");
            theirs.write_all(b"TP").await.unwrap();
            visit.ends.set(tokio::time::sleep(Duration::ZERO));
            visit.ends.as_mut().await;
            assert_eq!(visit.read(&mut piece).await.unwrap_err().kind(), io::ErrorKind::TimedOut, "the time is over");
            assert_eq!(visit.write(b"data: 2").await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        }
    }
}
