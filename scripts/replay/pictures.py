"""Pictures, written and read without a library."""

import pathlib
import struct
import zlib


def write_png(path, width, height, pixels):
    """RGB, 8 bit."""
    stride = 3 * width
    lines = b"".join(b"\0" + pixels[y * stride : (y + 1) * stride] for y in range(height))

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
    pathlib.Path(path).write_bytes(b"\x89PNG\r\n\x1a\n" + body)


def read_png(path):
    """Width, height and pixels of an RGB file of 8 bit without interlacing."""
    data, at, packed = pathlib.Path(path).read_bytes(), 8, b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            width, height, *format = struct.unpack(">IIBBBBB", body)
            assert format == [8, 2, 0, 0, 0], f"{path}: not plain RGB"
        elif kind == b"IDAT":
            packed += body
        at += 12 + length
    lines, stride = zlib.decompress(packed), 3 * width
    above, pixels = bytearray(stride), bytearray()
    for y in range(height):
        filter, *line = lines[y * (stride + 1) : (y + 1) * (stride + 1)]
        for x in range(stride):
            left, corner = (line[x - 3], above[x - 3]) if x >= 3 else (0, 0)
            up = above[x]
            nearest = min((left, up, corner), key=lambda value: abs(left + up - corner - value))
            guess = (0, left, up, (left + up) // 2, nearest)[filter]
            line[x] = (line[x] + guess) & 255
        above = line
        pixels += bytes(line)
    return width, height, bytes(pixels)


def turned(width, height, pixels):
    """Lies on its side."""
    cells = (pixels[3 * (y * width + x) :][:3] for x in range(width) for y in reversed(range(height)))
    return height, width, b"".join(cells)


def striped(width, height, pixels):
    """Every other line black."""
    stride, black = 3 * width, bytes(3 * width)
    lines = (black if y % 2 else pixels[y * stride : (y + 1) * stride] for y in range(height))
    return width, height, b"".join(lines)


def green(width, height, _):
    return width, height, bytes([0, 175, 0]) * (width * height)


def flat_jpeg(path, width, height):
    """A grey baseline JPEG, 4:2:0, of whole blocks: the first block has a mean, and each
    further one says in two bits that nothing changes."""

    def segment(marker, body):
        return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body

    components = bytes([1, 0x22, 0, 2, 0x11, 0, 3, 0x11, 0])
    blocks = width // 16 * (height // 16) * 6
    bits = 8 + 2 * (blocks - 1)
    whole, rest = divmod(bits, 8)
    tables = (
        segment(0xDB, bytes([0]) + bytes([16] * 64))
        + segment(0xC0, struct.pack(">BHHB", 8, height, width, 3) + components)
        + segment(0xC4, bytes([0x00, 1, 1] + [0] * 14 + [0, 5]))
        + segment(0xC4, bytes([0x10, 1] + [0] * 15 + [0]))
        + segment(0xDA, bytes([3, 1, 0, 2, 0, 3, 0, 0, 63, 0]))
    )
    first = bytes([0b10_01100_0])  # A difference of 5 bits, -19, and the end of the block.
    scan = first + bytes(whole - 1) + bytes([0xFF >> rest])
    pathlib.Path(path).write_bytes(b"\xff\xd8" + tables + scan + b"\xff\xd9")
