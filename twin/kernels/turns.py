"""Routes as turns: at the end of each link, which of the links that start there comes next.

A turn takes 4 bits where no node has more than 14 links that leave it, else 8. A word of 64 bits
holds turns from its lowest bits on; its last place says that the route goes on in the next word, and
the turn with all bits set that it ends. A route of 46 links takes 32 bytes in place of 184.
"""

from __future__ import annotations

import numpy as np

from twin.kernels.jit import hot_kernel, kernel
from twin.kernels.traffic import Network

ONE = np.uint64(1)


@hot_kernel
def end_turn(bits: int) -> int:
    """The turn that says: the route ends here; the one below it says: look into the next word."""
    return np.int64((1 << bits) - 1)


@hot_kernel
def read_turn(words: np.ndarray, code: np.uint64, word: int, bits: int) -> tuple[int, np.uint64, int]:
    """The next turn (end_turn at the end), and the code and the word that follow it."""
    last = end_turn(bits)
    turn = np.int64(np.uint32(code & np.uint64(last)))  # 8 bits at most, and not negative
    if turn == last - 1:
        code = words[word]
        word += 1
        turn = np.int64(np.uint32(code & np.uint64(last)))
    return turn, code >> np.uint64(bits), np.int64(word)


@kernel
def words_of(start: np.ndarray, end: np.ndarray, bits: int) -> int:
    """Words that routes take: as many as their links, and an end, in words of 64/bits - 1 turns."""
    room = 64 // bits - 1
    total = 0
    for k in range(start.shape[0]):
        if end[k] > start[k]:
            total += (end[k] - start[k] + room - 1) // room
    return np.int64(total)


@kernel
def encode(
    network: Network,
    pool: np.ndarray,
    ends: tuple[np.ndarray, np.ndarray],
    words: np.ndarray,
    place: tuple[int, np.ndarray],
) -> int:
    """Write routes (links by row of outside) behind ``place[0]`` of the words.

    The first word of each goes to place[1] (n_routes,) uint32. Returns the first route that is none, because
    a link does not go on where the one before it ends, else -1.
    """
    start, end = ends
    at, first = place
    bits = network.turn_bits
    room = 64 // bits - 1
    last = end_turn(bits)
    for k in range(start.shape[0]):
        if end[k] <= start[k]:
            continue
        first[k] = at
        n_turns = end[k] - start[k]  # one for each link after the first, and the end
        code, n = np.uint64(0), 0
        before = network.place[pool[start[k]]]
        for n_done in range(n_turns):
            turn = last
            if n_done + 1 < n_turns:
                link = network.place[pool[start[k] + n_done + 1]]
                if network.tail[link] != network.head[before]:
                    return np.int64(k)
                turn = np.int64(network.ordinal[link])
                before = link
            if n == room:
                words[at] = code | (np.uint64(last - 1) << np.uint64(bits * room))
                at += 1
                code, n = np.uint64(0), 0
            code |= np.uint64(turn) << np.uint64(bits * n)
            n += 1
        words[at] = code
        at += 1
    return np.int64(-1)


@kernel
def decode(
    network: Network,
    words: np.ndarray,
    at: tuple[np.ndarray, np.ndarray, np.ndarray],
    pool: np.ndarray,
    start: np.ndarray,
) -> int:
    """Write the links ahead of vehicles (rows of outside), the present one first; returns how many in all.

    ``at``: present link (the loading's number), code and word of each. With an empty pool only
    start (n + 1,) is written: where each route begins.
    """
    bits = network.turn_bits
    last = end_turn(bits)
    n = 0
    for k in range(at[0].shape[0]):
        start[k] = n
        link, code, word = np.int64(at[0][k]), at[1][k], np.int64(at[2][k])
        while True:
            if pool.shape[0] > 0:
                pool[n] = network.row[link]
            n += 1
            turn, code, word = read_turn(words, code, word, bits)
            if turn == last:
                break
            link = np.int64(network.out_links[np.int64(network.out_start[network.head[link]]) + turn])
    start[at[0].shape[0]] = n
    return np.int64(n)
