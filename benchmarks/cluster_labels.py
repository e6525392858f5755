"""Labels to judge clusters by, defined by hand before any result was looked at.

imagenet_photos: the 240 classes in the file names, grouped into thirteen kinds of thing along WordNet's tree.
flickr8k has no classes: a photo's label is the subject or setting that most of its five captions name.
"""

import csv
import re
from collections import Counter
from pathlib import Path

_ANIMALS: tuple[tuple[str, str, str], ...] = (
    ("n01443537", "n01498041", "sea animal"),
    ("n01514859", "n01622779", "bird"),
    ("n01632777", "n01756291", "reptile or amphibian"),
    ("n01768244", "n01776313", "insect or spider"),
    ("n01796340", "n01833805", "bird"),
    ("n01871265", "n01883070", "mammal"),
    ("n01943899", "n01985128", "sea animal"),
    ("n02002724", "n02051845", "bird"),
    ("n02071294", "n02071294", "sea animal"),
    ("n02085620", "n02113978", "dog"),
    ("n02115641", "n02138441", "mammal"),
    ("n02165105", "n02268853", "insect or spider"),
    ("n02319095", "n02319095", "sea animal"),
    ("n02325366", "n02510455", "mammal"),
    ("n02606052", "n02606052", "sea animal"),
)
"""Ranges of WordNet ids, both ends included: ids follow the tree closely where animals are concerned."""

_THINGS = {
    "vehicle": """airship ambulance balloon bobsled container_ship convertible electric_locomotive fireboat
        forklift half_track moving_van police_van recreational_vehicle school_bus tank tow_truck tractor
        tricycle trimaran wing barrow stretcher""",
    "clothing": """abaya academic_gown backpack bow_tie clog diaper football_helmet fur_coat holster kimono
        knee_pad lab_coat maillot military_uniform oxygen_mask pajama poncho purse sarong shower_cap sock
        seat_belt ballplayer""",
    "instrument, tool or device": """barbell binoculars carpenter's_kit combination_lock cornet drum
        French_horn hand-held_computer hard_disc harp loudspeaker maraca padlock parallel_bars pay-phone pick
        Polaroid_camera racket remote_control safety_pin sax scabbard screwdriver ski slot snorkel solar_dish
        steel_drum sundial trombone vacuum volleyball whistle""",
    "furniture or room": """apiary barbershop chest crib dishwasher entertainment_center folding_chair
        grocery_store mosquito_net rocking_chair shoji shower_curtain sliding_door tub vending_machine
        washbasin washer window_screen""",
    "vessel or package": """ashcan barrel beaker book_jacket coffee_mug crate milk_can nipple paper_towel
        perfume pill_bottle plastic_bag shopping_basket strainer teapot vase waffle_iron water_bottle""",
    "food or plant": """trifle ice_cream French_loaf head_cabbage broccoli spaghetti_squash acorn_squash
        cardoon Granny_Smith jackfruit dough daisy buckeye stinkhorn hen-of-the-woods""",
    "building or landscape": """dam fountain greenhouse mountain_tent palace spider_web stone_wall
        water_tower yurt alp bubble geyser sandbar seashore""",
}
_THING = {name: label for label, names in _THINGS.items() for name in names.split()}

_SCENES = {
    "dog": "dog dogs puppy puppies poodle terrier retriever greyhound",
    "snow": "snow snowy ski skier skiers skiing skis snowboard snowboarder snowboarding sled ice sledding",
    "water": """water pool swim swims swimming swimmer ocean sea wave waves surf surfer surfing surfboard
        surfboarder beach lake river boat boats kayak kayaker raft canoe splash splashing splashes
        wakeboarder wakeboarding waterfall sand""",
    "wheels": """bike bikes biker bikers bicycle bicycles bicyclist cyclist cyclists cycling skateboard
        skateboarder skateboarding skateboards motorcycle motorcycles motorcyclist dirtbike bmx rollerblades
        rollerblader skater scooter car cars racecar truck""",
    "ball game": """soccer football basketball baseball tennis ball rugby hockey volleyball cricket lacrosse
        team players player pitcher batter quarterback""",
    "climbing": """climbing climber climbs climb cliff mountain mountains mountaintop rock rocks rocky
        rappelling hiker hikers hiking hill hillside""",
    "playground": "swing swings swinging slide slides playground trampoline inflatable tire seesaw",
    "street": """street sidewalk city crowd building buildings store bench restaurant table train bus subway
        stage market shop""",
    "horse": "horse horses pony rodeo bull bucking jockey cowboy",
}
_SCENE = {word: label for label, words in _SCENES.items() for word in words.split()}
_AGREE = 3
"""A photo has a label if at least so many of its five captions name it, and more than any other."""


def imagenet_label(name: str) -> str:
    """The kind of thing of a file name such as "n02099601_golden_retriever.JPEG"."""
    wnid, _, rest = name.rpartition(".")[0].partition("_")
    for first, last, label in _ANIMALS:
        if first <= wnid <= last:
            return label
    return _THING[rest]


def caption_label(captions: list[str]) -> str | None:
    """What most captions name, if one thing stands out; the dog in a "hot dog stand" is not looked into."""
    votes: Counter[str] = Counter()
    for caption in captions:
        votes.update({_SCENE[word] for word in re.findall(r"[a-z]+", caption.lower()) if word in _SCENE})
    ranked = votes.most_common(2)
    if not ranked or ranked[0][1] < _AGREE or (len(ranked) > 1 and ranked[1][1] == ranked[0][1]):
        return None
    return ranked[0][0]


def flickr_captions(folder: Path) -> dict[str, tuple[str, list[str]]]:
    """{file name: (split, five captions)} of flickr8k."""
    found: dict[str, tuple[str, list[str]]] = {}
    with (folder / "captions.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["file_name"], (row["split"], []))[1].append(row["caption"])
    return found
