"""A folder of labelled photos as PyTorch users read it: a Dataset over Pillow and
torchvision's transforms. What the comparisons share."""

import csv
import os

TARGETS = ["perspective_score_hood", "perspective_score_backdoor_left"]


def read(folder):
    """Paths and labels by part: labels.csv, split.csv and imgs/."""
    parts = {"train": [], "valid": [], "test": []}
    with open(os.path.join(folder, "split.csv")) as file:
        split = {row["filename"]: row["split"] for row in csv.DictReader(file)}
    with open(os.path.join(folder, "labels.csv")) as file:
        for row in csv.DictReader(file):
            path = os.path.join(folder, "imgs", row["filename"])
            labels = [float(row[target]) for target in TARGETS]
            parts[split[row["filename"]]].append((path, labels))
    return parts


def loader(rows, size, batch, workers, **options):
    """A DataLoader that decodes, resizes and normalises."""
    import torch
    from PIL import Image
    from torch.utils.data import DataLoader, Dataset
    from torchvision import transforms

    transform = transforms.Compose(
        [
            transforms.Resize((size, size)),
            transforms.ToTensor(),
            transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
        ]
    )

    class Photos(Dataset):
        def __len__(self):
            return len(rows)

        def __getitem__(self, index):
            path, labels = rows[index]
            return transform(Image.open(path).convert("RGB")), torch.tensor(labels)

    return DataLoader(
        Photos(),
        batch_size=batch,
        num_workers=workers,
        persistent_workers=workers > 0,
        **options,
    )
