//! Nonsense for the watchers and everything that reads what they found: nothing may panic, and probabilities stay
//! probabilities.

use proptest::prelude::*;
use whyreset_capture::Timestamp;
use whyreset_segments::{Known, TcpFlags, TcpOptions, Timestamps};

use crate::test_connection::connection_of;
use crate::{Marks, Packet, Side, explain};

fn number() -> impl Strategy<Value = i64> {
    let extreme = prop_oneof![Just(i64::MIN), Just(i64::MAX), Just(0_i64)];
    prop_oneof![6 => -5_i64..20_000, 2 => -(1_i64 << 40)..(1_i64 << 40), 1 => extreme]
}

fn flags() -> impl Strategy<Value = TcpFlags> {
    prop_oneof![
        4 => Just(TcpFlags::ACK),
        1 => Just(TcpFlags::SYN),
        1 => Just(TcpFlags::SYN | TcpFlags::ACK),
        1 => Just(TcpFlags::FIN | TcpFlags::ACK),
        2 => Just(TcpFlags::RST),
        2 => Just(TcpFlags::RST | TcpFlags::ACK),
        1 => (0_u16..0x200).prop_map(TcpFlags),
    ]
}

fn one() -> impl Strategy<Value = (Packet, TcpOptions)> {
    let len = prop_oneof![Just(0_u32), 0_u32..3_000, any::<u32>()];
    let known = prop_oneof![8 => Just(u32::MAX >> 17), 2 => any::<u32>()];
    let numbers = (number(), number(), number(), len);
    let fields = (
        any::<bool>(),
        prop_oneof![Just(0_u32), any::<u32>()],
        any::<(u8, u16)>(),
        proptest::option::of(any::<(u32, u32)>()),
        known,
        prop_oneof![3 => Just(0_u32), 1 => any::<u32>()],
        proptest::collection::vec(any::<u8>(), 0..40),
    );
    (flags(), numbers, fields).prop_map(|(flags, numbers, fields)| {
        let (time, seq, ack, payload_len) = numbers;
        let (client, window, (ttl, ip_id), stamps, known, marks, options) = fields;
        let packet = Packet {
            frame: 0,
            time: Timestamp::from_nanos(time.saturating_mul(1_000)),
            side: if client { Side::Client } else { Side::Server },
            flags,
            seq,
            ack,
            window,
            payload_len,
            ttl,
            ip_id,
            timestamps: stamps.map(|(value, echo)| Timestamps { value, echo }),
            sacked_to: None,
            marks: Marks(marks),
            known: Known(known),
        };
        (packet, TcpOptions::parse(&options))
    })
}

fn packets() -> impl Strategy<Value = Vec<(Packet, TcpOptions)>> {
    proptest::collection::vec(one(), 0..90).prop_map(|mut packets| {
        for (frame, (packet, _)) in (1..).zip(&mut packets) {
            packet.frame = frame;
        }
        packets
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn nothing_panics(packets in packets()) {
        let connection = connection_of(&packets);
        for reset in &connection.resets {
            let origin = &reset.origin;
            let sum = origin.host + origin.device_there + origin.device_here;
            prop_assert!((sum - 1.0).abs() < 1e-6, "{:?}", origin);
            prop_assert!(reset.burst >= 1);
        }
        prop_assert!((0.0..=1.0).contains(&connection.vantage.confidence));
        for (packet, _) in &packets {
            prop_assert!(explain(&connection, packet.frame).is_some());
        }
        for reading in [&connection.readings.client, &connection.readings.server] {
            prop_assert!(reading.moments.len() <= 8);
        }
    }
}
