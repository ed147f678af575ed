#!/usr/bin/env python3
"""Writes images of the kinds that Pillow writes: images_by_pillow.py OUT COUNT SEED.

What psp-data's example `generate` leaves out: lossy and animated WebP, palettes,
1-bit, transparency, interlacing by hand, BMP variants, CMYK, optimised and
progressive JPEGs, and the same cut off or changed at a random place.
"""

import io
import os
import random
import struct
import sys

from PIL import Image, ImageDraw, PngImagePlugin


def picture(dice):
    """Slopes with a few coloured shapes, RGBA."""
    width, height = dice.randint(1, 90), dice.randint(1, 90)
    image = Image.new("RGBA", (width, height))
    ends = [[dice.randrange(256) for _ in range(3)] for _ in range(3)]
    for y in range(height):
        for x in range(width):
            across, down = x / width, y / height
            pixel = [
                int(a * (1 - across) + b * across / 2 + c * down / 2) & 255
                for a, b, c in zip(*ends)
            ]
            image.putpixel((x, y), (*pixel, 255))
    draw = ImageDraw.Draw(image)
    for _ in range(dice.randrange(4)):
        x, y = dice.randrange(width), dice.randrange(height)
        colour = tuple(dice.randrange(256) for _ in range(4))
        draw.rectangle((x, y, x + dice.randrange(40), y + dice.randrange(40)), fill=colour)
    return image


def save(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def exif(dice):
    block = Image.Exif()
    block[0x0112] = dice.randrange(10)
    return block.tobytes()


def jpeg(dice, image):
    mode = dice.choice(["L", "RGB", "RGB", "CMYK"])
    return f"jpeg_{mode}", "jpg", save(
        image.convert("RGB").convert(mode),
        "JPEG",
        quality=dice.choice([1, 10, 50, 75, 95, 100]),
        progressive=dice.random() < 0.5,
        optimize=dice.random() < 0.5,
        subsampling=dice.choice([0, 1, 2]) if mode == "RGB" else -1,
        restart_marker_blocks=dice.choice([0, 0, 1, 5]),
        exif=exif(dice) if dice.random() < 0.5 else b"",
    )


def png(dice, image):
    mode = dice.choice(["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
    converted = image.convert("L").convert(mode) if mode == "I;16" else image.convert(mode)
    options = {}
    if mode in ("P", "L", "RGB") and dice.random() < 0.5:
        options["transparency"] = (10, 20, 30) if mode == "RGB" else dice.randrange(256)
    if mode == "P" and dice.random() < 0.5:
        options["bits"] = 4
        converted = image.convert("RGB").quantize(16)
    if dice.random() < 0.3:
        options["exif"] = exif(dice)
    if dice.random() < 0.3:
        text = PngImagePlugin.PngInfo()
        text.add_itxt(
            "XML:com.adobe.xmp",
            f'<a tiff:Orientation="{dice.randrange(10)}"/>',
            zip=dice.random() < 0.5,
        )
        options["pnginfo"] = text
    if dice.random() < 0.2 and mode in ("RGB", "RGBA", "L"):
        size = converted.size
        others = [Image.new(mode, size, dice.randrange(256)) for _ in range(2)]
        options.update(save_all=True, append_images=others, default_image=dice.random() < 0.5)
    return f"png_{mode.replace(';', '')}", "png", save(converted, "PNG", **options)


def webp(dice, image):
    options = {
        "lossless": dice.random() < 0.3,
        "exact": dice.random() < 0.5,
        "quality": dice.choice([1, 40, 80, 100]),
        "method": dice.randrange(5),
    }
    if dice.random() < 0.5:
        block = exif(dice)
        options["exif"] = block if dice.random() < 0.5 else block[6:]
    if dice.random() < 0.3:
        options["xmp"] = f"<tiff:Orientation>{dice.randrange(10)}</tiff:Orientation>"
    kind = dice.choice(["RGB", "RGBA"])
    if dice.random() < 0.2:
        options.update(save_all=True, append_images=[Image.new(kind, image.size, "red")])
        kind += "_animated"
    return f"webp_{kind}", "webp", save(image.convert(kind[:4].rstrip("_")), "WEBP", **options)


def bmp(dice, image):
    if dice.random() < 0.5:
        mode = dice.choice(["1", "L", "P", "RGB", "RGBA"])
        return f"bmp_{mode}", "bmp", save(image.convert(mode), "BMP")
    return bmp_by_hand(dice, image.convert("RGB"))


def bmp_by_hand(dice, image):
    """Headers, depths and directions that Pillow does not write."""
    width, height = image.size
    depth = dice.choice([1, 4, 8, 16, 24, 32])
    header = dice.choice([12, 40, 40, 56, 108, 124]) if depth != 16 else dice.choice([40, 56, 108])
    flipped = header >= 40 and dice.random() < 0.3
    masks = None
    if depth in (16, 32) and header >= 56:
        masks = {
            16: [(0xF800, 0x7E0, 0x1F, 0), (0x7C00, 0x3E0, 0x1F, 0x8000)],
            32: [
                (0xFF0000, 0xFF00, 0xFF, 0xFF000000),
                (0xFF000000, 0xFF0000, 0xFF00, 0xFF),
                (0xFF, 0xFF00, 0xFF0000, 0),
            ],
        }[depth]
        masks = dice.choice(masks)
    lines = []
    for y in range(height) if flipped else reversed(range(height)):
        line = b"".join(
            pixel_bytes(dice, image.getpixel((x, y)), depth) for x in range(width)
        ) if depth >= 8 else bytes(dice.randrange(256) for _ in range((width * depth + 7) // 8))
        lines.append(line + b"\0" * (-len(line) % 4))
    colours = 1 << depth if depth <= 8 else 0
    entry = 3 if header == 12 else 4
    palette = bytes(dice.randrange(256) for _ in range(colours * entry))
    if header == 12:
        info = struct.pack("<IHHHH", 12, width, height, 1, depth)
    else:
        info = struct.pack(
            "<IiiHHIIiiII",
            header, width, -height if flipped else height, 1, depth,
            3 if masks else 0, 0, 2835, 2835, colours, 0,
        )
        if header > 40:
            info += struct.pack("<4I", *(masks or (0, 0, 0, 0)))
        info = info.ljust(header, b"\0")
    start = 14 + len(info) + len(palette)
    body = b"".join(lines)
    head = b"BM" + struct.pack("<IHHI", start + len(body), 0, 0, start)
    return f"bmp_{depth}bit_header{header}", "bmp", head + info + palette + body


def pixel_bytes(dice, pixel, depth):
    r, g, b = pixel
    if depth == 8:
        return bytes([r])
    if depth == 16:
        return struct.pack("<H", dice.randrange(1 << 16))
    return bytes([b, g, r]) if depth == 24 else bytes([b, g, r, dice.randrange(256)])


def damage(dice, data):
    at = dice.randrange(len(data))
    how = dice.choice(["cut", "changed", "cut_out"])
    if how == "cut":
        return how, data[:at]
    if how == "cut_out":
        return how, data[:at] + data[at + dice.randint(1, 40) :]
    return how, data[:at] + bytes([dice.randrange(256)]) + data[at + 1 :]


def main():
    out, count, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    dice = random.Random(seed)
    os.makedirs(out, exist_ok=True)
    for number in range(count):
        kind = dice.choice([jpeg, png, webp, bmp])
        what, ending, data = kind(dice, picture(dice))
        how = "whole"
        if dice.random() < 0.3:
            how, data = damage(dice, data)
        with open(os.path.join(out, f"{number:06}-{what}-{how}.{ending}"), "wb") as file:
            file.write(data)


if __name__ == "__main__":
    main()
