//! Connections begin: a SYN between ends that are new, and its answer, as nearly all are. Whatever else a SYN may be is left to the way
//! that all segments take ([`Engine::foreseen`]).

use whyreset_segments::Opening;

use super::foresight::Foreseen;
use super::slot::State;
use super::{Engine, Placed};
use crate::half_open::HalfOpen;
use crate::orderly::SynAck;
use crate::pairs::Located;
use crate::{Marks, StreamSink};

impl<X: StreamSink> Engine<X> {
    /// Takes the next segment of the capture, which was foreseen, if it opens a connection or answers the SYN that did. `None` where it
    /// does not: then nothing has changed but the time, and it has to come again as [`Engine::foreseen`] takes it.
    #[inline(always)]
    pub fn opening(&mut self, opening: &Opening<'_>, foreseen: &Foreseen) -> Option<Placed> {
        let located = foreseen.located();
        self.capture_end = self.capture_end.max(opening.numbers.time);
        let stream = match self.found(foreseen) {
            None => self.open_in_short(opening, located)?,
            Some(slot) => self.answer(slot, opening, located)?,
        };
        Some(Placed {
            stream,
            marks: Marks::NONE,
        })
    }

    /// A SYN on a pair that is not known; gives its stream.
    fn open_in_short(&mut self, opening: &Opening<'_>, located: &Located) -> Option<u64> {
        let half = HalfOpen::of_opening(opening, located.from, &mut self.links)?;
        let stream = self.next_stream;
        self.open_in(State::HalfOpen(half), located);
        self.retire();
        Some(stream)
    }

    /// A segment on a pair of which a SYN was seen; gives its stream.
    fn answer(&mut self, slot: u32, opening: &Opening<'_>, located: &Located) -> Option<u64> {
        let place = self.slots.get(slot as usize)?;
        if !matches!(place.state, State::HalfOpen(_)) {
            return None;
        }
        let addresses = || self.index.addresses(&place.pair);
        let answer = SynAck::of_opening(opening, addresses)?;
        self.begin(slot, &answer, located)
    }
}

#[cfg(test)]
mod tests {
    use whyreset_capture::Timestamp;
    use whyreset_segments::{AddressesV4, BytesAt, EndV4, LinkLook, Look, PlainLook};
    use whyreset_segments::{TcpFlags, Usual};

    use super::*;
    use crate::EngineConfig;

    const CLIENT: EndV4 = EndV4::new(0x0a00_0001, 40_000);
    const SERVER: EndV4 = EndV4::new(0x0a00_0002, 80);
    /// A list of options of every length, and with it what has no room in short: a request for a fast open cookie.
    const OPTIONS: [&[u8]; 4] = [
        &[],
        &[2, 4, 5, 0xb4, 1, 3, 3, 7, 1, 1, 4, 2],
        &[
            2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 7, 0, 0, 0, 0, 1, 3, 3, 7,
        ],
        &[34, 2, 1, 1],
    ];

    fn numbers(frame: u64, flags: TcpFlags, [seq, ack]: [u32; 2], link: LinkLook) -> Usual {
        let look = Look::plain(&PlainLook {
            link,
            interface: 0,
            hops: 64 << 8,
            ecn: 0,
        });
        Usual {
            frame,
            time: Timestamp::from_nanos(frame as i64),
            flags,
            seq,
            ack,
            window: 1000,
            look,
            ..Usual::BLANK
        }
    }

    /// Engines that take these openings: by the short way where it takes them, and by the one that all segments take.
    fn both(talk: &[(Usual, AddressesV4)], options: &[u8]) -> [Engine<()>; 2] {
        let config = EngineConfig {
            pass_over_orderly: true,
            ..EngineConfig::default()
        };
        let mut engines = [config.clone(), config].map(Engine::new);
        let [short, long] = &mut engines;
        let holder = [&[0; 20][..], options].concat();
        let end = holder.len() as u32;
        for (numbers, ends) in talk {
            let numbers = Usual {
                look: numbers.look.with_options(end - 20),
                at: BytesAt {
                    tcp: 0,
                    payload: end,
                    end,
                },
                ..*numbers
            };
            let opening = Opening::new(&numbers, &holder);
            let segment = opening.segment(ends.source.into(), ends.destination.into());
            let mut soon = [AsForeseen(short.locate_v4(ends))];
            short.foresee(&mut soon, 0);
            let foreseen = &soon[0].0;
            let place = short.opening(&opening, foreseen);
            let place = place.or_else(|| short.foreseen(&segment, foreseen));
            assert_eq!(place, long.segment(&segment, None));
        }
        for engine in &mut engines {
            engine.finish();
        }
        engines
    }

    struct AsForeseen(Foreseen);

    impl AsMut<Foreseen> for AsForeseen {
        fn as_mut(&mut self) -> &mut Foreseen {
            &mut self.0
        }
    }

    #[test]
    fn what_opens_in_short_opens_as_all_do() {
        let there = AddressesV4 {
            source: CLIENT,
            destination: SERVER,
        };
        let back = AddressesV4 {
            source: SERVER,
            destination: CLIENT,
        };
        let (syn, syn_ack) = (TcpFlags::SYN, TcpFlags::SYN | TcpFlags::ACK);
        for link in [
            LinkLook::ethernet(7, 0),
            LinkLook::ethernet(7, 42),
            LinkLook::cooked(None, true),
            LinkLook::SILENT,
        ] {
            let opened = (numbers(1, syn, [7, 0], link), there);
            let answered = (numbers(2, syn_ack, [70, 8], link), back);
            for talk in [
                vec![opened],
                vec![opened, answered],
                // The answer is sent again, or comes alone; the SYN is sent again, acknowledges something, or opens anew.
                vec![opened, answered, (numbers(3, syn_ack, [70, 8], link), back)],
                vec![answered],
                vec![opened, (numbers(3, syn, [7, 0], link), there)],
                vec![(numbers(1, syn, [7, 1], link), there)],
                vec![opened, answered, (numbers(3, syn, [9, 0], link), there)],
            ] {
                for options in OPTIONS {
                    let [short, long] = both(&talk, options).map(|mut engine| {
                        let all = std::iter::from_fn(|| engine.next_finished());
                        format!("{:?}", all.collect::<Vec<_>>())
                    });
                    assert_eq!(short, long);
                }
            }
        }
    }
}
