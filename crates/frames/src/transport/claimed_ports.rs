//! UDP ports of other protocols, which Wireshark takes for theirs even where the other port is a tunnel's.

/// Whether the protocol of this port takes whatever comes. (Those that look first and may decline are not listed.)
pub(crate) fn is_claimed(port: u16) -> bool {
    CLAIMED.binary_search(&port).is_ok()
}

/// Below the highest tunnel port that matters; ascending.
#[rustfmt::skip]
const CLAIMED: [u16; 105] = [
    7, 13, 19, 37, 49, 53, 67, 68, 69, 111, 123, 137, 138, 173, 213, 269, 319, 320, 389, 427, 464, 496,
    500, 513, 514, 520, 521, 524, 525, 546, 547, 631, 664, 698, 701, 853, 854, 910, 921, 925, 1001,
    1113, 1153, 1194, 1293, 1628, 1629, 1718, 1719, 1745, 1755, 1900, 2099, 2157, 2221, 2222, 2246,
    2269, 2313, 2345, 2887, 2944, 2945, 2948, 2949, 3000, 3130, 3250, 3343, 3357, 3389, 3452, 3455,
    3567, 3671, 3784, 3785, 3804, 3863, 4305, 4306, 4307, 4342, 4500, 4551, 4555, 4569, 4729, 4784,
    4791, 4991, 5031, 5246, 5350, 5351, 5353, 5355, 5404, 5405, 5436, 5567, 5683, 5684, 5868, 6073,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ports_ascend() {
        assert!(CLAIMED.is_sorted());
        assert!(is_claimed(53) && !is_claimed(4789));
    }
}
