//! Files with a magic number.

use crate::foreign::ForeignKind;

/// A kind, and the bytes that it has at a place.
struct Magic {
    at: usize,
    bytes: &'static [u8],
    kind: ForeignKind,
}

const fn magic(at: usize, bytes: &'static [u8], name: &'static str, advice: &'static str) -> Magic {
    Magic {
        at,
        bytes,
        kind: ForeignKind { name, advice },
    }
}

/// Wireshark's tools write it anew.
pub(super) const EDITCAP: &str =
    "which Wireshark's tools convert: `editcap -F pcapng IN OUT.pcapng`";
/// The link type can differ from frame to frame: `editcap` then has to be told one.
pub(super) const EDITCAP_ETHERNET: &str = "which Wireshark's tools convert: `editcap -F pcapng -T ether IN OUT.pcapng` (or list: `tshark -r IN | whyreset -`)";
/// Wireshark's tools read it, and have no link type to write it with.
pub(super) const LIST: &str = "which Wireshark's tools list: `tshark -r IN | whyreset -`";
const NO_NETWORK: &str = "which holds no packets of a network: capture where the TCP connection passes, with `tcpdump -w OUT.pcap`";
const FLOWS: &str = "which holds sums over flows and no packets: capture where the TCP connection passes, with `tcpdump -w OUT.pcap`";
const NO_CAPTURE: &str = "not a capture: give a file that `tcpdump -w` or Wireshark wrote";
const PICTURE: &str = "not a capture: copy the packet list as text, or give the capture itself";

static MAGICS: [Magic; 59] = [
    // Captures of other programs.
    magic(0, b"RTSS", "a Microsoft Network Monitor 1 capture", EDITCAP),
    magic(0, b"GMBU", "a Microsoft Network Monitor 2 capture", EDITCAP),
    magic(
        0,
        b"\x7fver",
        "a Peek capture (EtherPeek, AiroPeek, OmniPeek)",
        EDITCAP,
    ),
    magic(0, b"XCP\0", "a NetXRay or Windows Sniffer capture", EDITCAP),
    magic(0, b"VL\0\0", "a NetXRay capture", EDITCAP),
    magic(0, b"TRSNIFF data    \x1a", "a DOS Sniffer capture", EDITCAP),
    magic(0, b"\xaa\xaa\xaa\xaa", "a 5View capture", EDITCAP),
    magic(0, b"iptrace 1.0", "an AIX iptrace capture", EDITCAP),
    magic(0, b"iptrace 2.0", "an AIX iptrace capture", EDITCAP),
    magic(0, b"\x05VNF", "a Visual Networks capture", EDITCAP),
    magic(0, b"Session Transcript", "a Catapult DCT2000 trace", LIST),
    magic(
        0,
        b"\x00\x00\x02\x00\x12\x05\x00\x10",
        "a Tektronix K12 capture (rf5)",
        LIST,
    ),
    magic(
        0,
        b"+---------+---------------+----------+",
        "a Tektronix K12 text export",
        EDITCAP_ETHERNET,
    ),
    magic(0, b"V0208", "an Aethra capture", LIST),
    magic(
        0,
        b"ObserverPktBufferVersion=",
        "a Viavi Observer capture",
        EDITCAP,
    ),
    magic(
        0,
        b"\x54\x52\x00\x64\x00",
        "an HP-UX nettl trace",
        EDITCAP_ETHERNET,
    ),
    magic(
        0,
        b"\x00\x00\x00\x01\x00\x00\x00\x00\x00\x07\xd0\x00",
        "an HP-UX nettl trace",
        EDITCAP_ETHERNET,
    ),
    magic(0, b"cpse", "a Colasoft Capsa capture", EDITCAP),
    magic(0, b"EyeSDN", "an EyeSDN trace", LIST),
    magic(
        0,
        b"\x42\xd2\x00\x34\x12\x66\x22\x88",
        "a RADCOM capture",
        EDITCAP,
    ),
    // The length of the head follows the signature.
    magic(0, b"LOGG\x90\0\0\0", "a Vector bus log (BLF)", EDITCAP),
    // No packets of a network.
    magic(0, b"LPKSHHRH", "a systemd journal", NO_NETWORK),
    magic(0, b"btsnoop\0", "a Bluetooth capture (btsnoop)", NO_NETWORK),
    magic(0, b"DLT\x01", "an AUTOSAR log (DLT)", NO_NETWORK),
    magic(0, b"MPCSII", "a Micropross contact card log", NO_NETWORK),
    magic(
        0,
        b"#!rtpplay1.0",
        "a recording of one RTP stream (rtpdump)",
        NO_NETWORK,
    ),
    magic(
        0,
        b"HCPX",
        "a WPA handshake for hashcat (hccapx)",
        NO_NETWORK,
    ),
    magic(
        0,
        b"\x0c\xa5\x01\0",
        "a file of flow records (nfdump)",
        FLOWS,
    ),
    magic(
        0,
        b"\x0c\xa5\x02\0",
        "a file of flow records (nfdump)",
        FLOWS,
    ),
    // Archives: the commands unpack to standard output, which fits an archive of one capture.
    magic(
        0,
        b"PK\x03\x04",
        "a zip archive",
        "not a capture: unpack it and give the capture inside, at once with `unzip -p IN | whyreset -`",
    ),
    magic(0, b"PK\x05\x06", "an empty zip archive", NO_CAPTURE),
    magic(
        0,
        b"7z\xbc\xaf\x27\x1c",
        "a 7-Zip archive",
        "not a capture: unpack it and give the capture inside, at once with `7z x -so IN | whyreset -`",
    ),
    magic(
        0,
        b"Rar!\x1a\x07",
        "a RAR archive",
        "not a capture: unpack it and give the capture inside, at once with `unrar p -inul IN | whyreset -`",
    ),
    magic(
        257,
        b"ustar",
        "a tar archive",
        "not a capture: unpack it and give the capture inside, at once with `tar -xOf IN | whyreset -`",
    ),
    magic(
        0,
        b"MSCF",
        "a Windows cabinet archive",
        "not a capture: unpack it with `cabextract IN` and give the capture inside; what `netsh trace` wrote there is an ETL file for `etl2pcapng`",
    ),
    magic(
        0,
        b"\xfd7zXZ\0",
        "compressed with xz",
        "unpack it first: `xz -dc IN | whyreset -`",
    ),
    magic(
        0,
        b"LZIP",
        "compressed with lzip",
        "unpack it first: `lzip -dc IN | whyreset -`",
    ),
    magic(
        0,
        b"\x5d\0\0\x80\0",
        "compressed with lzma",
        "unpack it first: `xz -dc --format=lzma IN | whyreset -`",
    ),
    // `BZh`, a digit, and the start of the first block.
    magic(
        4,
        b"1AY&SY",
        "compressed with bzip2",
        "unpack it first: `bzip2 -dc IN | whyreset -`",
    ),
    magic(
        0,
        b"\x02\x21\x4c\x18",
        "compressed with an old version of lz4",
        "unpack it first: `lz4 -dc IN | whyreset -`",
    ),
    magic(
        0,
        b"\x1f\x9d",
        "compressed with compress",
        "unpack it first: `gzip -dc IN | whyreset -`",
    ),
    magic(
        0,
        b"\x89LZO\0\r\n\x1a\n",
        "compressed with lzop",
        "unpack it first: `lzop -dc IN | whyreset -`",
    ),
    // No captures.
    magic(0, b"\x7fELF", "a program (ELF)", NO_CAPTURE),
    magic(0, b"\xcf\xfa\xed\xfe", "a program (Mach-O)", NO_CAPTURE),
    magic(0, b"MZ\x90\0", "a program (Windows)", NO_CAPTURE),
    magic(
        0,
        b"%PDF",
        "a PDF document",
        "not a capture: copy the packet list out of it into a text file",
    ),
    magic(
        0,
        b"{\\rtf",
        "a rich text document (RTF)",
        "not a capture: copy the packet list out of it into a text file",
    ),
    magic(0, b"\x89PNG", "a picture (PNG)", PICTURE),
    magic(0, b"\xff\xd8\xff", "a picture (JPEG)", PICTURE),
    magic(0, b"GIF8", "a picture (GIF)", PICTURE),
    magic(8, b"WEBPVP8", "a picture (WebP)", PICTURE),
    magic(4, b"ftyp", "a film or picture (MP4, HEIC)", PICTURE),
    magic(0, b"SQLite format 3\0", "an SQLite database", NO_CAPTURE),
    magic(
        0,
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "an old Microsoft Office document, or a mail of Outlook",
        "not a capture: save the attachment, or copy the packet list out of it into a text file",
    ),
    magic(0, b"ElfFile\0", "a Windows event log", NO_CAPTURE),
    magic(
        0,
        b"\x78\x9f\x3e\x22",
        "a winmail.dat attachment (TNEF)",
        "not a capture: unpack it with `tnef IN` and give the capture inside",
    ),
    magic(
        0,
        b"version https://git-lfs.github.com/spec/",
        "a pointer of Git LFS",
        "not the file itself: get that with `git lfs pull`",
    ),
    magic(
        0,
        b"-----BEGIN PGP MESSAGE-----",
        "encrypted (PGP)",
        "decrypt it first: `gpg -d IN | whyreset -`",
    ),
    magic(
        0,
        b"#separator ",
        "a log of Zeek",
        "which holds no packets: give the capture that Zeek read",
    ),
];

/// NetScaler traces carry their signature in the first record, behind a head whose length varies with the version.
static NETSCALER: ForeignKind = ForeignKind {
    name: "a Citrix NetScaler trace (nstrace)",
    advice: "which Wireshark's tools list: `tshark -r IN | whyreset -` (better: take it with `start nstrace -traceformat PCAP`)",
};

/// Where the signature of a NetScaler trace can begin.
const NETSCALER_WINDOW: usize = 128;

/// The kind whose magic number is there.
pub(super) fn recognise(head: &[u8]) -> Option<&'static ForeignKind> {
    MAGICS
        .iter()
        .find(|magic| {
            head.get(magic.at..)
                .is_some_and(|bytes| bytes.starts_with(magic.bytes))
        })
        .map(|magic| &magic.kind)
        .or_else(|| is_netscaler(head).then_some(&NETSCALER))
}

fn is_netscaler(head: &[u8]) -> bool {
    let window = head.get(..NETSCALER_WINDOW).unwrap_or(head);
    let has = |what: &[u8]| window.windows(what.len()).any(|bytes| bytes == what);
    has(b"NetScaler") && has(b"Performance Data")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_magic_number_is_found_and_none_hides_another() {
        for magic in &MAGICS {
            let mut head = vec![0xee; magic.at];
            head.extend(magic.bytes);
            head.extend([0xee; 8]);
            assert_eq!(recognise(&head), Some(&magic.kind), "{}", magic.kind.name);
        }
    }

    #[test]
    fn netscaler_is_found_behind_its_record_head() {
        let mut head = vec![0xee; 12];
        head.extend(b"NetScaler V20 Performance Data\0");
        assert_eq!(recognise(&head), Some(&NETSCALER));
    }
}
