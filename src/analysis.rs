//! The way from records to judged connections: every kind of input passes through here.

use whyreset_capture::{Record, Timestamp};
use whyreset_connections::{
    Brief, Connection, Engine, EngineConfig, FORESEEN, Foreseen, LoneSyn, Neighbours, Placed,
};
use whyreset_exchanges::{Exchanges, KeyLog, Tracker};
use whyreset_frames::{Dissector, Found, Sight};
use whyreset_reports::Judged;
use whyreset_segments::{HostNames, Quote, Segment, Usual};
use whyreset_verdicts::{Evidence, judge};

/// Takes records (or segments), gives connections with verdicts.
///
/// It does no I/O and knows no clock but the packets'. Connections become available from
/// [`Analysis::next_judged`] as they end, the rest after [`Analysis::finish`].
#[derive(Debug)]
pub struct Analysis {
    dissector: Dissector,
    engine: Engine<Tracker>,
    keys: KeyLog,
    names: HostNames,
    origin: Option<Timestamp>,
    last_time: Timestamp,
    /// What the capturing device says of frames, at most [`MAX_SAID`].
    said: Vec<(u64, Box<str>)>,
}

/// Words of the capturing device that are kept of one list.
const MAX_SAID: usize = 256;

/// What was seen of records before they came ([`Analysis::look_ahead`]): room for it, to be used again and again.
#[derive(Debug)]
pub struct LookedAt {
    seen: [Seen; FORESEEN],
    foreseen: [Foreseen; FORESEEN],
}

/// What was seen of a record.
#[derive(Clone, Copy, Debug)]
struct Seen {
    shape: Shape,
    /// The segment in it, where it is a usual one.
    usual: Usual,
}

/// What a record is like at first sight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// It holds a usual segment and nothing else.
    Usual,
    /// It holds another segment, and nothing else either.
    Plain,
    /// It has to be taken apart to tell.
    Odd,
}

/// What was seen of one record.
#[derive(Clone, Copy, Debug)]
pub struct Ahead<'l> {
    seen: &'l Seen,
    foreseen: &'l Foreseen,
}

impl Seen {
    /// Takes note of what was told; where that is nothing, nothing is foreseen.
    #[inline(always)]
    fn note(&mut self, sight: Option<Sight>, foreseen: &mut Foreseen) {
        self.shape = match sight {
            Some(Sight::Usual) => Shape::Usual,
            Some(Sight::Other) => Shape::Plain,
            Some(Sight::Again) | None => {
                *foreseen = Foreseen::default();
                Shape::Odd
            }
        };
    }
}

impl Default for LookedAt {
    fn default() -> Self {
        Self {
            seen: [Seen {
                shape: Shape::Odd,
                usual: Usual::BLANK,
            }; FORESEEN],
            foreseen: [Foreseen::default(); FORESEEN],
        }
    }
}

impl LookedAt {
    /// What was seen of each record.
    #[inline]
    pub fn each(&self) -> impl Iterator<Item = Ahead<'_>> {
        let looked_at = self.seen.iter().zip(&self.foreseen);
        looked_at.map(|(seen, foreseen)| Ahead { seen, foreseen })
    }
}

impl Ahead<'_> {
    /// Whether [`Analysis::foreseen`] takes the record, and not [`Analysis::record`].
    #[inline]
    pub const fn is_plain(&self) -> bool {
        !matches!(self.seen.shape, Shape::Odd)
    }
}

impl Default for Analysis {
    fn default() -> Self {
        Self::new(EngineConfig::default())
    }
}

impl Analysis {
    /// An analysis for verdicts alone: what goes by the book is not looked at packet by packet
    /// ([`EngineConfig::pass_over_orderly`]).
    pub fn of_verdicts() -> Self {
        Self::new(EngineConfig {
            pass_over_orderly: true,
            ..EngineConfig::default()
        })
    }

    /// An analysis that has seen nothing.
    pub fn new(config: EngineConfig) -> Self {
        let keys = KeyLog::default();
        let tracker = Tracker::with_keys(keys.clone());
        Self {
            dissector: Dissector::new(),
            engine: Engine::with_prototype(config, tracker),
            keys,
            names: HostNames::new(),
            origin: None,
            last_time: Timestamp::default(),
            said: Vec::new(),
        }
    }

    /// The capturing device itself says something of this frame: why it dropped the packet, or sent the RST. It is the first
    /// evidence on the frame's connection, and weighs nothing.
    pub fn device_said(&mut self, frame: u64, said: &str) {
        if self.said.len() < MAX_SAID {
            self.said.push((frame, said.into()));
        }
    }

    /// Takes the next record of a capture. `placed` hears of each segment in it, and of each quoted one, that belongs
    /// to a connection.
    pub fn record(&mut self, record: &Record<'_>, mut placed: impl FnMut(Placed)) {
        let time = record.time.unwrap_or(self.last_time);
        self.note_time(time);
        let engine = &mut self.engine;
        engine.clock(time);
        self.dissector.dissect(record, time, &mut |found| {
            let place = match found {
                Found::Segment(segment) => engine.segment(&segment, None),
                Found::Quote(quote) => engine.quote(&quote),
            };
            if let Some(place) = place {
                placed(place);
            }
        });
    }

    /// Looks at these records before they come, in their order, the first [`FORESEEN`] of them: what can be told of them is told
    /// now, and what they lead to is fetched from memory together.
    pub fn look_ahead<'a>(
        &mut self,
        records: impl Iterator<Item = Record<'a>>,
        looked_at: &mut LookedAt,
    ) {
        let room = looked_at.seen.iter_mut().zip(&mut looked_at.foreseen);
        let mut looked = 0;
        for (record, (seen, foreseen)) in records.zip(room) {
            looked += 1;
            let engine = &mut self.engine;
            let sight = whyreset_frames::at_first_sight(&record, &mut seen.usual, |ends| {
                *foreseen = engine.locate(ends);
            });
            match sight {
                Some(Sight::Again) => self.look_again(record, seen, foreseen),
                sight => seen.note(sight, foreseen),
            }
        }
        if let Some(soon) = looked_at.foreseen.get_mut(..looked) {
            self.engine.foresee(soon);
        }
    }

    /// Looks at a record that is none of those that most are. It is handed over as it is, so that only what comes here is written
    /// to memory.
    #[inline(never)]
    fn look_again(&mut self, record: Record<'_>, seen: &mut Seen, foreseen: &mut Foreseen) {
        let sight = whyreset_frames::at_second_sight(&record, &mut seen.usual, |ends| {
            *foreseen = self.engine.locate(ends);
        });
        seen.note(sight, foreseen);
    }

    /// Takes the next frame of a capture, at which was looked before, where it is the packet to be expected of its connection.
    /// `None` where it is not: then nothing has changed, and [`Analysis::foreseen`] takes its record.
    #[inline]
    pub fn usual(&mut self, frame: &[u8], ahead: Ahead<'_>) -> Option<Placed> {
        let Ahead { seen, foreseen } = ahead;
        if seen.shape != Shape::Usual {
            return None;
        }
        let place = self.engine.usual(&seen.usual, frame, foreseen)?;
        self.note_time(seen.usual.time);
        Some(place)
    }

    /// Takes the next record of a capture, at which was looked before.
    #[inline(never)]
    pub fn foreseen(&mut self, record: &Record<'_>, ahead: Ahead<'_>) -> Option<Placed> {
        let segment = whyreset_frames::plain_segment(record)?;
        self.note_time(segment.time);
        self.engine.foreseen(&segment, ahead.foreseen)
    }

    fn note_time(&mut self, time: Timestamp) {
        self.last_time = time;
        self.origin.get_or_insert(time);
    }

    /// Takes a segment that came from a list; `told` is the application's line in it.
    pub fn segment(&mut self, segment: &Segment<'_>, told: Option<&str>) -> Option<Placed> {
        self.note_time(segment.time);
        self.engine.segment(segment, told)
    }

    /// Takes an ICMP error that came from a list.
    pub fn quote(&mut self, quote: &Quote<'_>) -> Option<Placed> {
        self.origin.get_or_insert(quote.segment.time);
        self.engine.quote(quote)
    }

    /// TLS secrets, as SSLKEYLOGFILE writes them, for sessions whose data comes later.
    pub fn add_secrets(&mut self, key_log: &[u8]) {
        self.keys.add(key_log);
    }

    /// The names that stand for hosts: those of a pasted list.
    pub fn set_names(&mut self, names: HostNames) {
        self.names = names;
    }

    /// The names that stand for hosts.
    pub const fn names(&self) -> &HostNames {
        &self.names
    }

    /// Time of the first record: what relative times count from.
    pub fn origin(&self) -> Timestamp {
        self.origin.unwrap_or_default()
    }

    /// The input has ended.
    pub fn finish(&mut self) {
        self.engine.finish();
    }

    /// Another list of the same text begins, with a clock and frame numbers of its own. Call it when all connections of the
    /// one before have been taken.
    pub fn begin_list(&mut self) {
        self.engine.begin_again();
        self.origin = None;
        self.last_time = Timestamp::default();
        self.said.clear();
    }

    /// The next connection that is over, where it ended well and can be told in brief; else [`Analysis::next_judged`] has it.
    /// Only an analysis of verdicts tells any so.
    pub fn next_brief(&mut self) -> Option<Brief<Exchanges>> {
        let brief = self.engine.next_in_brief()?;
        Some(brief.map_app(Tracker::into_exchanges))
    }

    /// Whether any connection waits to be taken.
    #[inline]
    pub fn has_finished(&self) -> bool {
        self.engine.has_finished()
    }

    /// The next connection that is over, with its verdict.
    pub fn next_judged(&mut self) -> Option<Judged> {
        let connection = self.engine.next_finished()?;
        Some(self.judge(connection))
    }

    /// The same, not judged, where nothing was seen of it but one SYN ([`Analysis::judged`] does that).
    pub fn next_lone_syn(&mut self) -> Option<LoneSyn> {
        self.engine.next_lone_syn()
    }

    /// The connection that consists of this SYN, with its verdict.
    pub fn judged(&self, syn: &LoneSyn) -> Judged {
        self.judge(self.engine.in_full(syn))
    }

    fn judge(&self, connection: Connection<Tracker>) -> Judged {
        let connection = connection.map_app(Tracker::into_exchanges);
        let mut verdict = judge(&connection, self.engine.neighbours());
        let told = self.said.iter().rev().find(|(frame, _)| {
            let mut packets = connection.packets.iter();
            packets.any(|packet| packet.frame == *frame)
        });
        if let Some((frame, said)) = told {
            let evidence = Evidence {
                id: "device_said",
                frames: vec![*frame],
                text: format!("The device that captured says of frame {frame}: {said}."),
            };
            verdict.evidence.insert(0, evidence);
        }
        Judged {
            connection,
            verdict,
        }
    }

    /// What the capture tells of hosts and listeners.
    pub const fn neighbours(&self) -> &Neighbours {
        self.engine.neighbours()
    }
}
