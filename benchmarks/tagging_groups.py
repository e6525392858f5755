"""Words of the tagging benchmarks: groups of imagenet_photos' classes, and a thousand labels."""

from saccade.usecases.tags.rules.encoder_fit import BACKGROUND

GROUPS = {
    "dog": """
        Maltese_dog Shih-Tzu beagle Ibizan_hound otterhound Bedlington_terrier Boston_bull Gordon_setter
        English_springer malinois collie Bouvier_des_Flandres Bernese_mountain_dog boxer French_bulldog
        Eskimo_dog Siberian_husky pug chow Brabancon_griffon Pembroke
    """,
    "wild animal with paws": """
        dingo dhole hyena kit_fox snow_leopard brown_bear sloth_bear weasel Persian_cat Egyptian_cat
    """,
    "bird": """
        hen brambling goldfinch robin magpie kite vulture great_grey_owl ptarmigan macaw hummingbird
        black_stork bittern bustard dowitcher pelican
    """,
    "snake or lizard": """
        axolotl banded_gecko agama frilled_lizard Gila_monster hognose_snake water_snake vine_snake
        Indian_cobra sidewinder
    """,
    "insect or spider": """
        harvestman barn_spider tick tiger_beetle ground_beetle weevil grasshopper
    """,
    "sea animal": """
        goldfish electric_ray stingray conch slug chiton chambered_nautilus rock_crab king_crab
        American_lobster killer_whale sea_urchin rock_beauty trilobite
    """,
    "animal with hooves or tusks": """
        tusker hog wild_boar warthog ox water_buffalo bighorn ibex Arabian_camel African_elephant
    """,
    "monkey or rodent": """
        wombat porcupine fox_squirrel marmot siamang baboon langur proboscis_monkey spider_monkey
    """,
    "car, truck or train": """
        ambulance convertible moving_van police_van recreational_vehicle school_bus tow_truck tractor
        tank half_track forklift electric_locomotive tricycle
    """,
    "boat or aircraft": """
        airship balloon container_ship fireboat trimaran wing bobsled
    """,
    "musical instrument": """
        cornet drum French_horn harp maraca sax steel_drum trombone whistle
    """,
    "clothing": """
        abaya academic_gown bow_tie clog diaper fur_coat kimono lab_coat maillot military_uniform pajama
        poncho sarong sock shower_cap
    """,
    "bag or container": """
        ashcan barrel beaker chest coffee_mug crate milk_can pill_bottle teapot vase water_bottle tub
        perfume backpack purse plastic_bag holster scabbard shopping_basket
    """,
    "furniture": """
        crib entertainment_center folding_chair rocking_chair sliding_door shoji shower_curtain
        window_screen mosquito_net
    """,
    "appliance": """
        dishwasher washer waffle_iron vacuum washbasin vending_machine strainer hand-held_computer
        hard_disc loudspeaker Polaroid_camera pay-phone remote_control slot
    """,
    "tool": """
        carpenter's_kit combination_lock padlock screwdriver safety_pin pick barrow binoculars
    """,
    "building": """
        apiary barbershop dam fountain greenhouse grocery_store palace stone_wall water_tower yurt
        mountain_tent solar_dish sundial
    """,
    "food": """
        trifle ice_cream French_loaf head_cabbage broccoli spaghetti_squash acorn_squash cardoon
        Granny_Smith jackfruit dough
    """,
    "landscape or plant": """
        alp geyser sandbar seashore daisy buckeye stinkhorn hen-of-the-woods
    """,
    "sport": """
        barbell football_helmet parallel_bars racket ski snorkel volleyball ballplayer knee_pad
    """,
}
"""Twenty groups, put together by hand from the names of the classes; 8 of the 240 fit nowhere."""

_PARTS = {
    "mammal": ("dog", "wild animal with paws", "animal with hooves or tusks", "monkey or rodent"),
    "bird, reptile, insect or sea animal": ("bird", "snake or lizard", "insect or spider", "sea animal"),
    "vehicle or machine": ("car, truck or train", "boat or aircraft", "appliance"),
    "clothing or container": ("clothing", "bag or container"),
    "tool, instrument, furniture or sport": ("tool", "musical instrument", "furniture", "sport"),
    "building, landscape, plant or food": ("building", "landscape or plant", "food"),
}
COARSE = {name: " ".join(GROUPS[part] for part in parts) for name, parts in _PARTS.items()}
"""Six groups of these, of at least 31 photos each, so that there are twenty examples and more to judge by."""

_LOOKS = (
    "red", "blue", "old", "new", "small", "large", "wooden", "broken",
)  # fmt: skip
LABELS = [*BACKGROUND, *(f"{look} {word}" for look in _LOOKS for word in BACKGROUND)][:1000]
"""A thousand labels: everyday words, and what they may look like."""
