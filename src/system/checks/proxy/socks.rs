//! The greeting of a SOCKS proxy.

use super::diagnosis::{self, ProxyFailure};
use super::{Admission, Attempt, Proxy, is_silence};
use crate::settings::Secret;
use std::net::TcpStream;
use zeroize::Zeroizing;

pub(super) const WITHOUT_LOGIN: u8 = 0;
const WITH_LOGIN: u8 = 2;
const NO_METHOD: u8 = 0xff;

impl Attempt<'_> {
    /// The way to log in that a SOCKS proxy chooses, and whether it accepts the login.
    pub(super) fn greet(&self, proxy: &Proxy) -> Result<Admission, ProxyFailure> {
        let hello: &[u8] = match proxy.login {
            Some(_) => &[5, 2, WITHOUT_LOGIN, WITH_LOGIN],
            None => &[5, 1, WITHOUT_LOGIN],
        };
        let stream = self.first_hop(proxy)?;
        let is_whole =
            |answer: &[u8]| answer.len() > 1 || answer.first().is_some_and(|it| *it != 5);
        let answer = self.ask(&stream, hello, is_whole, self.soon());
        let method = match answer.map_err(|error| self.another(proxy, &error))?[..] {
            [5, method, ..] => method,
            [5] => return Err(diagnosis::NO_REPLY.seen("the connection was closed")),
            ref other => {
                let diagnosis = diagnosis::spoken(proxy.kind, other[0]);
                return Err(diagnosis.seen("the answer is not SOCKS 5"));
            }
        };
        match (method, &proxy.login) {
            (WITHOUT_LOGIN, _) => return Ok(Admission::WithoutLogin),
            (WITH_LOGIN, Some(login)) => {
                (self.tell)("logging in");
                return self.log_in(&stream, login);
            }
            (NO_METHOD | WITH_LOGIN, None) => Err(&diagnosis::AUTH_NEEDED),
            _ => Err(&diagnosis::AUTH_SCHEME),
        }
        .map_err(|diagnosis| diagnosis.seen(&format!("SOCKS answer 05 {method:02x}")))
    }

    /// RFC 1929. Some proxies close the connection instead of refusing a login.
    fn log_in(
        &self,
        stream: &TcpStream,
        (username, password): &(String, Secret),
    ) -> Result<Admission, ProxyFailure> {
        // With room for all: a buffer that grows leaves copies of the password behind.
        let mut request = Zeroizing::new(Vec::with_capacity(1 + 2 * 256));
        request.push(1);
        for part in [username.as_bytes(), password.reveal().as_bytes()] {
            let too_long =
                |_| diagnosis::AUTH_WRONG.seen("SOCKS carries at most 255 bytes of each");
            request.push(u8::try_from(part.len()).map_err(too_long)?);
            request.extend(part);
        }
        match self.ask(stream, &request, |answer| answer.len() > 1, self.end).as_deref() {
            Ok([_, 0, ..]) => Ok(Admission::LoggedIn),
            Err(error) if is_silence(error) => Err(diagnosis::NO_REPLY.seen("no answer in time")),
            Ok([_, code, ..]) => {
                Err(diagnosis::AUTH_WRONG.seen(&format!("SOCKS answer {code:02x}")))
            }
            Ok(_) | Err(_) => Err(diagnosis::AUTH_WRONG.seen("the connection was closed")),
        }
    }
}
