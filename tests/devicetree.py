# SPDX-License-Identifier: BSD-3-Clause
"""Writes flattened device trees (Devicetree Specification, chapter 5), and adds to them, for tests."""

import struct

BEGIN_NODE, END_NODE, PROP, END = 1, 2, 3, 9


def cells(*numbers):
    """A property's value of 32-bit numbers."""
    return struct.pack(f">{len(numbers)}I", *numbers)


def text(*strings):
    """A property's value of strings."""
    return b"".join(s.encode() + b"\0" for s in strings)


def pad(data):
    """Fill up to a multiple of 4 bytes."""
    return data + b"\0" * (-len(data) % 4)


def node(name, body, strings):
    """The tokens of a node: a dict of properties (bytes) and of nodes (dicts). `strings` collects names."""
    out = struct.pack(">I", BEGIN_NODE) + pad(name.encode() + b"\0")
    for key, value in body.items():
        if not isinstance(value, dict):
            if key.encode() + b"\0" not in strings:
                strings += key.encode() + b"\0"
            at = strings.index(key.encode() + b"\0")
            out += struct.pack(">III", PROP, len(value), at) + pad(value)
    for key, value in body.items():
        if isinstance(value, dict):
            out += node(key, value, strings)
    return out + struct.pack(">I", END_NODE)


def assemble(structure, strings, reserved):
    """A whole tree; reserved: (address, size) pairs."""
    entries = b"".join(struct.pack(">QQ", *pair) for pair in [*reserved, (0, 0)])
    at_struct = 40 + len(entries)
    at_strings = at_struct + len(structure)
    header = struct.pack(">10I", 0xd00dfeed, at_strings + len(strings), at_struct, at_strings, 40, 17, 16, 0,
                         len(strings), len(structure))
    return header + entries + structure + bytes(strings)


def tree(root, reserved=()):
    """A tree from its root's body."""
    strings = bytearray()
    return assemble(node("", root, strings) + struct.pack(">I", END), strings, reserved)


def add(data, nodes, reserved=()):
    """A tree with more nodes at its root, and with more reserved memory."""
    header = struct.unpack(">10I", data[:40])
    strings = bytearray(data[header[3]:header[3] + header[8]])
    structure = data[header[2]:header[2] + header[9]]
    end = struct.pack(">II", END_NODE, END)
    assert structure.endswith(end)
    more = b"".join(node(name, body, strings) for name, body in nodes.items())
    old, at = [], header[4]
    while (pair := struct.unpack(">QQ", data[at:at + 16])) != (0, 0):
        old.append(pair)
        at += 16
    return assemble(structure[:-8] + more + end, strings, [*old, *reserved])
