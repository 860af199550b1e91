//! tcpdump's output of every age as people post it.

mod common;

use common::{check, rows};
use whyreset_segments::{Known, TcpFlags};
use whyreset_text::{AppHint, parse};

#[test]
fn rows_of_tcpdump_4() {
    check(
        "21:19:50.625109 IP 127.0.0.20.8000 > 127.0.0.1.48072: Flags [R.], seq 1, ack 6, win 512, options [nop,nop,TS val 3947162464 ecr 3465232499], length 0",
        "1 76790.625109 127.0.0.20:8000 > 127.0.0.1:48072 [RST, ACK] seq 1 ack 6 win 512 len 0",
    );
    check(
        "16:44:53.758011 IP6 localhost.hbci > localhost.59405: Flags [F.], seq 1, ack 1, win 12743, options [...], length 0",
        "1 60293.758011 localhost:3000 > localhost:59405 [FIN, ACK] seq 1 ack 1 win 12743 len 0",
    );
    let text = "13:33:10.940988 ens192 In  IP 10.1.1.21.52540 > 10.171.176.130.80: Flags [S], seq 3899923817, win 64240, options [mss 1460,...], length 0";
    check(
        text,
        "1 48790.940988 10.1.1.21:52540 > 10.171.176.130:80 [SYN] seq 3899923817 ack - win 64240 len 0",
    );
    let list = parse(text.as_bytes());
    let segment = list.rows[0].segment();
    assert_eq!(segment.link.outgoing, Some(false));
    assert!(!segment.known.has(Known::OPTIONS));
}

#[test]
fn rows_that_say_less() {
    check(
        "00:43:09.301449 client > server: Flags [R], seq 773912653, win 0, length 0",
        "1 2589.301449 client:0 > server:0 [RST] seq 773912653 ack - win 0 len 0",
    );
    check(
        "IP hostB.6666 > hostA.5555: Flags [S], seq 750827752, ...",
        "1 - hostB:6666 > hostA:5555 [SYN] seq 750827752 ack - win - len ~0",
    );
    check(
        "10.0.0.215.60000 > 10.0.3.249.10000: Flags [R], seq 772948344 ... Close the 1st connection",
        "1 - 10.0.0.215:60000 > 10.0.3.249:10000 [RST] seq 772948344 ack - win - len ~0",
    );
    check(
        "2016-05-01 10:11:12.123456 IP 10.0.0.1.80 > 10.0.0.2.5: Flags [.], ack 1, win 5, length 0",
        "1 1462097472.123456 10.0.0.1:80 > 10.0.0.2:5 [ACK] seq - ack 1 win 5 len 0",
    );
    check(
        "1462097472.123456 IP 10.0.0.1.80 > 10.0.0.2.5: Flags [.], ack 1, win 5, length 0",
        "1 1462097472.123456 10.0.0.1:80 > 10.0.0.2:5 [ACK] seq - ack 1 win 5 len 0",
    );
}

#[test]
fn a_refusal_counts_from_an_earlier_connection_between_the_same_ends() {
    let syn = "10:34:17.040816 IP 10.0.1.1.20 > 10.0.1.2.800: Flags [S], seq 123456, win 8192, length 0\n";
    let ack = |refusal: &str| {
        let list = parse(format!("{syn}{refusal}").as_bytes());
        list.rows[1].segment().ack.0
    };
    // tcpdump had seen such a connection before: the list does not show it.
    assert_eq!(
        ack(
            "10:34:17.044677 IP 10.0.1.2.800 > 10.0.1.1.20: Flags [R.], seq 0, ack 1, win 0, length 0"
        ),
        123_457
    );
    assert_eq!(
        ack(
            "10:34:17.044677 IP 10.0.1.2.800 > 10.0.1.1.20: Flags [R.], seq 0, ack 123457, win 0, length 0"
        ),
        123_457
    );
}

#[test]
fn two_lines_of_v() {
    let text = "10:00:00.5 IP (tos 0x0, ttl 57, id 5429, offset 0, flags [DF], proto TCP (6), length 60)
    10.0.0.1.57584 > 10.0.0.2.80: Flags [S], cksum 0xfe30 (incorrect -> 0x0b0f), seq 7, win 64240, options [mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7], length 0";
    check(
        text,
        "1 36000.500000 10.0.0.1:57584 > 10.0.0.2:80 [SYN] seq 7 ack - win 64240 len 0",
    );
    let list = parse(text.as_bytes());
    let segment = list.rows[0].segment();
    assert_eq!(
        (segment.ip.ttl, segment.ip.id, segment.ip.dont_fragment),
        (57, 5429, true)
    );
    assert!(
        segment.known.has(Known::TTL)
            && segment.known.has(Known::IP_ID)
            && segment.known.has(Known::OPTIONS)
    );
    assert_eq!(segment.options.kinds(), [2, 4, 8, 1, 3]);
}

#[test]
fn link_level() {
    let text = "10:00:00.5 7a:05:6f:b7:99:82 > 12:21:c2:aa:14:ee, ethertype IPv4 (0x0800), length 315: 16.0.0.60.19987 > 48.0.0.60.80: Flags [P.], seq 1:250, ack 1, win 5, length 249";
    check(
        text,
        "1 36000.500000 16.0.0.60:19987 > 48.0.0.60:80 [PSH, ACK] seq 1 ack 1 win 5 len 249",
    );
    let list = parse(text.as_bytes());
    assert_eq!(
        list.rows[0].segment().link.source_mac,
        [0x7a, 5, 0x6f, 0xb7, 0x99, 0x82]
    );
    assert_eq!(list.rows[0].frame_len, Some(315));
}

#[test]
fn absolute_until_both_sides_were_seen() {
    let text = "IP 10.0.0.1.5000 > 10.0.0.2.80: Flags [S], seq 3000000000, win 5, length 0
IP 10.0.0.2.80 > 10.0.0.1.5000: Flags [S.], seq 4000000000, ack 3000000001, win 5, length 0
IP 10.0.0.1.5000 > 10.0.0.2.80: Flags [.], ack 1, win 5, length 0
IP 10.0.0.1.5000 > 10.0.0.2.80: Flags [P.], seq 1:101, ack 1, win 5, length 100: HTTP: GET /x HTTP/1.1
IP 10.0.0.2.80 > 10.0.0.1.5000: Flags [.], ack 101, win 5, length 0
IP 10.0.0.2.80 > 10.0.0.1.5000: Flags [R], seq 4000000001, win 0, length 0";
    let rows = rows(text);
    let c = "10.0.0.1:5000";
    let s = "10.0.0.2:80";
    assert_eq!(
        rows,
        [
            format!("1 - {c} > {s} [SYN] seq 3000000000 ack - win 5 len 0"),
            format!("2 - {s} > {c} [SYN, ACK] seq 4000000000 ack 3000000001 win 5 len 0"),
            format!("3 - {c} > {s} [ACK] seq - ack 4000000001 win 5 len 0"),
            format!("4 - {c} > {s} [PSH, ACK] seq 3000000001 ack 4000000001 win 5 len 100"),
            format!("5 - {s} > {c} [ACK] seq - ack 3000000101 win 5 len 0"),
            format!("6 - {s} > {c} [RST] seq 4000000001 ack - win 0 len 0"),
        ]
    );
    assert!(
        matches!(&parse(text.as_bytes()).rows[3].app, AppHint::HttpRequest { target, .. } if &**target == "/x")
    );
}

#[test]
fn relative_rows_and_an_absolute_reset_without_the_beginning() {
    use whyreset_text::parse;
    let text = "IP 10.0.0.1.5000 > 10.0.0.2.80: Flags [P.], seq 1:101, ack 1, win 5, length 100
IP 10.0.0.2.80 > 10.0.0.1.5000: Flags [R], seq 4000000001, win 0, length 0";
    let list = parse(text.as_bytes());
    assert!(list.rows[0].segment().known.has(Known::RELATIVE));
    assert!(!list.rows[1].segment().known.has(Known::SEQ));
    assert!(list.rows[1].segment().known.has(Known::FLAGS));
}

#[test]
fn payload_below_the_rows() {
    let text =
        "10:00:00.1 IP 10.0.0.1.5000 > 10.0.0.2.80: Flags [P.], seq 1:101, ack 1, win 5, length 100
E..4..@.@......GET /file HTTP/1.1
Host: example.org
....
10:00:00.2 IP 10.0.0.2.80 > 10.0.0.1.5000: Flags [P.], seq 1:20, ack 101, win 5, length 19
\t0x0000:  4500 003b 1c46 4000 4006 0000 0a00 0002  E..;.F@.@.......
\t0x0010:  0a00 0001 0050 1388 0000 0001 0000 0065  .....P.........e
\t0x0020:  5018 0005 0000 0000 4854 5450 2f31 2e31  P.......HTTP/1.1
\t0x0030:  2034 3034 204e 6f0d 0a0d 0a              .404.No....";
    let list = parse(text.as_bytes());
    assert_eq!(list.rows.len(), 2);
    assert!(
        matches!(&list.rows[0].app, AppHint::HttpRequest { target, .. } if &**target == "/file")
    );
    assert!(matches!(
        list.rows[1].app,
        AppHint::HttpResponse { status: 404, .. }
    ));
    let segment = list.rows[1].segment();
    assert_eq!((segment.ip.ttl, segment.ip.id), (64, 0x1c46));
    assert!(segment.payload.starts_with(b"HTTP/1.1 404"));
    assert!(list.elisions.is_empty());
}

#[test]
fn icmp_errors_join_their_connection() {
    let text = "IP 10.0.0.1.5000 > 10.0.0.10.80: Flags [S], seq 7, win 5, length 0
IP 10.0.0.10 > 10.0.0.1: ICMP host 10.0.0.10 unreachable - admin prohibited, length 68
IP 10.0.0.254 > 10.0.0.1: ICMP 10.0.0.10 unreachable - need to frag (mtu 1000), length 556";
    let list = parse(text.as_bytes());
    assert_eq!(list.rows.len(), 3);
    let quote = list.rows[1].quote().unwrap();
    assert_eq!((quote.error.kind, quote.error.code), (3, 10));
    assert_eq!(quote.segment.source.port, 5000);
    assert_eq!(quote.segment.destination.to_string(), "10.0.0.10:80");
    let quote = list.rows[2].quote().unwrap();
    assert_eq!(quote.error.mtu, Some(1000));
    assert_eq!(quote.reporter.to_string(), "10.0.0.254");
}

#[test]
fn rows_of_tcpdump_3() {
    check(
        "10:12:13.473942 IP localhost.9527 > localhost.37460: R 1:1(0) ack 1031 win 385 <nop,nop,timestamp 1055494762 1055494762>",
        "1 36733.473942 localhost:9527 > localhost:37460 [RST, ACK] seq 1 ack 1031 win 385 len 0",
    );
    check(
        "17:08:43.793808 server.http > client.1880: R 1:1(0) ack 287912 win 0 (DF)",
        "1 61723.793808 server:80 > client:1880 [RST, ACK] seq 1 ack 287912 win 0 len 0",
    );
    check(
        "14:44:38.538944 IP 128.138.158.139.41102 > 128.138.158.131.22: . ack 43 win 1460 <nop,nop,timestamp 19869955 25508041>",
        "1 53078.538944 128.138.158.139:41102 > 128.138.158.131:22 [ACK] seq - ack 43 win 1460 len 0",
    );
    check(
        "10:14:51.093041 < 192.168.50.46.1097 > 192.168.50.254.80: R\n779425096:779425096(0) win 1 (DF)",
        "1 36891.093041 192.168.50.46:1097 > 192.168.50.254:80 [RST] seq 779425096 ack - win 1 len 0",
    );
    check(
        "14:51:43.018890 IP 192.168.1.1.23 192.168.1.104.42034: R 0:0(0) ack 2650503082 win 0",
        "1 53503.018890 192.168.1.1:23 > 192.168.1.104:42034 [RST, ACK] seq 0 ack 1 win 0 len 0",
    );
}

#[test]
fn options_of_tcpdump_3() {
    let text = "10:00:00.1 a.1 > b.80: S 5:5(0) win 5840 <mss 1460,sackok,timestamp=\"\" 518611=\"\" 0,nop,wscale=\"\" 6=\"\">
10:00:00.2 a.1 > b.80: . ack 9 win 5 <nop,nop,timestamp 2799999 363440587,nop,nop, sack 1 {282208:285024} >";
    let list = parse(text.as_bytes());
    let syn = list.rows[0].segment();
    assert_eq!(
        (syn.options.mss, syn.options.window_scale),
        (Some(1460), Some(6))
    );
    assert!(syn.flags.contains(TcpFlags::SYN) && syn.options.sack_permitted);
    assert_eq!(list.rows[1].segment().options.sack_blocks().len(), 1);
}

#[test]
fn banners_comments_and_elisions() {
    let text = "$ tcpdump -i eth0 -n port 80
tcpdump: verbose output suppressed, use -v or -vv for full protocol decode
listening on eth0, link-type EN10MB (Ethernet), capture size 262144 bytes
10:00:00.1 IP 10.0.0.1.5 > 10.0.0.2.80: Flags [S], seq 7, win 5, length 0   //客户端发送syn
## the connection is established correctly
[pull the plug on B]
>>> here git client sends FIN <<<<
10:00:00.2 ARP, Request who-has 10.0.0.2 tell 10.0.0.1, length 28
[...]
10:00:09.2 IP 10.0.0.1.5 > 10.0.0.2.80: Flags [S], seq 7, win 5, length 0
^C
3 packets captured";
    let list = parse(text.as_bytes());
    assert_eq!(list.rows.len(), 2);
    assert!(list.unread.is_empty(), "{:?}", list.unread);
    assert_eq!(list.elisions.len(), 1);
    assert_eq!(
        (list.elisions[0].rows_before, &*list.elisions[0].spelling),
        (1, "[...]")
    );
    assert!(list.rows[1].gap_before);
}

#[test]
fn unknown_port_names_stay_apart() {
    let text = "10:00:00.1 IP 10.0.0.1.myapp-one > 10.0.0.2.80: Flags [S], seq 7, win 5, length 0
10:00:00.2 IP 10.0.0.1.myapp-two > 10.0.0.2.80: Flags [S], seq 9, win 5, length 0";
    let list = parse(text.as_bytes());
    assert_ne!(list.rows[0].segment().source, list.rows[1].segment().source);
    assert_eq!(
        list.names.display(list.rows[0].segment().source.host),
        "10.0.0.1:myapp-one"
    );
}

#[test]
fn ports_used_again_begin_a_new_numbering() {
    let one = |start: u32, answer: u32| {
        format!(
            "IP 10.0.0.1.5 > 10.0.0.2.80: Flags [S], seq {start}, win 5, length 0
IP 10.0.0.2.80 > 10.0.0.1.5: Flags [S.], seq {answer}, ack {}, win 5, length 0
IP 10.0.0.1.5 > 10.0.0.2.80: Flags [P.], seq 1:43, ack 1, win 5, length 42
IP 10.0.0.2.80 > 10.0.0.1.5: Flags [R.], seq 1, ack 43, win 5, length 0\n",
            start + 1
        )
    };
    let rows = rows(&(one(1_000_000_000, 5_000) + &one(1_000_000_000, 70_000)));
    assert_eq!(
        rows[3],
        "4 - 10.0.0.2:80 > 10.0.0.1:5 [RST, ACK] seq 5001 ack 1000000043 win 5 len 0"
    );
    assert_eq!(
        rows[7],
        "8 - 10.0.0.2:80 > 10.0.0.1:5 [RST, ACK] seq 70001 ack 1000000043 win 5 len 0"
    );
}

#[test]
fn a_length_that_is_written_stays_whatever_follows() {
    // The segment between 101 and 201 is not in the list.
    let text = "\
10:00:00.1 IP 10.0.0.1.5000 > 10.0.0.2.80: Flags [P.], seq 1:101, ack 1, win 9, length 100
10:00:00.2 IP 10.0.0.1.5000 > 10.0.0.2.80: Flags [.], ack 51, win 9, length 0
10:00:00.3 IP 10.0.0.1.5000 > 10.0.0.2.80: Flags [P.], seq 201:301, ack 51, win 9, length 100
10:00:00.4 IP 10.0.0.2.80 > 10.0.0.1.5000: Flags [P.], seq 51, ack 301, ...
";
    let rows = rows(text);
    assert!(rows[1].ends_with("len 0"), "{}", rows[1]);
}

// After a desktop's log in a public repository: a host that refuses a SYN again and again.
#[test]
fn tcpdump_counts_on_where_the_ports_are_used_again_without_an_answer() {
    let rows = rows("\
16:13:22.723763 IP a.example.52411 > desk.local.18914: Flags [S], seq 1641154025, win 8192, length 0
16:13:22.723872 IP desk.local.18914 > a.example.52411: Flags [R.], seq 0, ack 1641154026, win 0, length 0
16:13:23.362655 IP a.example.52411 > desk.local.18914: Flags [S], seq 1641154025, win 8192, length 0
16:13:23.362760 IP desk.local.18914 > a.example.52411: Flags [R.], seq 0, ack 1, win 0, length 0
");
    assert!(
        rows[3].ends_with("[RST, ACK] seq 0 ack 1641154026 win 0 len 0"),
        "{}",
        rows[3]
    );
}

#[test]
fn an_icmp_error_about_udp_is_about_no_connection() {
    let list = whyreset_text::parse(
        b"\
16:13:22.723763 IP a.example.52411 > desk.local.18914: Flags [S], seq 1641154025, win 8192, length 0
16:13:22.723872 IP desk.local.18914 > a.example.52411: Flags [R.], seq 0, ack 1641154026, win 0, length 0
16:13:22.724181 IP a.example.13570 > desk.local.18914: UDP, length 30
16:13:22.724244 IP desk.local > a.example: ICMP desk.local udp port 18914 unreachable, length 66
",
    );
    assert_eq!((list.rows.len(), list.unread.len()), (2, 0));
}

// After a kernel patch's message: neither times nor `IP`, and no row is whole.
#[test]
fn rows_that_begin_with_a_name_are_rows_of_their_own() {
    let rows = rows(
        "\
10.0.0.10.45182 > localhost: Flags [S], seq 320236027,
localhost > 10.0.0.10.45182: Flags [S.], seq 2967855116,
localhost > 10.0.0.10.45182: Flags [S.], seq 2967855123, <==
10.0.0.10.45182 > localhost: Flags [.], ack 4294967290,
localhost > 10.0.0.10.45182: Flags [R], seq 2967855117, <==
",
    );
    assert_eq!(rows.len(), 5, "{rows:#?}");
    assert!(rows[2].contains("[SYN, ACK] seq 2967855123"), "{}", rows[2]);
    assert!(
        rows[3].contains("[ACK] seq - ack 2967855117"),
        "{}",
        rows[3]
    );
}

/// Behind the header for fragments stand the ports alone: a question on ask.wireshark.org of 2013.
#[test]
fn a_first_fragment_of_ipv6() {
    check(
        "16:14:23.515746 IP6 2001:db8::12 > 2001:db8::10: frag (0|20) 1 > 63034: Flags [R], seq 1099986487, win 0, length 0",
        "1 58463.515746 2001:db8::12:1 > 2001:db8::10:63034 [RST] seq 1099986487 ack - win 0 len 0",
    );
}

#[test]
fn what_stands_before_the_time() {
    for before in [
        "  3 | ",
        "Nov 02 10:00:01 node1 tcpdump[991]: ",
        "netshoot-7d4b tcpdump ",
        "\"",
        "{\"",
        "\u{1b}[01;32m",
    ] {
        check(
            &format!(
                "{before}08:11:01.5 IP 10.5.0.2.444 > 10.5.0.9.92: Flags [S], seq 77, win 64240, length 0"
            ),
            "1 29461.500000 10.5.0.2:444 > 10.5.0.9:92 [SYN] seq 77 ack - win 64240 len 0",
        );
    }
}

/// linux-kernel, 2000: quoted, numbered, and broken behind the ends.
#[test]
fn a_numbered_row_that_a_mailer_broke() {
    check(
        "> 2066  16:31:43.108759 eth0 > static.8664 > dynamic.example.com.39406:\n> . 1583720:1583720(0) ack 69041 win 0 (DF)",
        "2066 59503.108759 static:8664 > dynamic.example.com:39406 [ACK] seq 1583720 ack 69041 win 0 len 0",
    );
}

#[test]
fn an_icmp_error_is_about_the_host_that_it_names() {
    let text = "03:12:44.055554 IP 10.1.1.170.42046 > 192.0.2.138.443: Flags [S], seq 1, win 9, length 0
03:12:44.055594 IP 10.1.2.109 > 10.1.1.170: ICMP host 192.0.2.138 unreachable - admin prohibited, length 68
03:12:44.055907 IP 10.1.1.170.37508 > 192.0.2.71.443: Flags [S], seq 1, win 9, length 0
";
    let list = parse(text.as_bytes());
    assert!(list.unread.is_empty(), "{:?}", list.unread);
    let quoted = list.rows[1].segment();
    assert_eq!(quoted.source.port.max(quoted.destination.port), 42_046);
}

#[test]
fn masks_in_brackets_are_hosts() {
    let text = "14:28:45.95 [eth1 ip].20 > [remote ip].33052: . 999:2447(1448) ack 1 win 5840 (DF)";
    assert_eq!(rows(text).len(), 1);
}
