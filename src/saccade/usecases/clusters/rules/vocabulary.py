"""Words for the content of photos: candidates for describing clusters without captions."""

THINGS: tuple[str, ...] = tuple(
    """
    dog puppy cat kitten horse cow sheep goat pig camel elephant lion tiger bear wolf fox deer monkey rabbit
    squirrel mouse whale dolphin fish shark crab turtle frog lizard snake crocodile dinosaur spider insect
    beetle butterfly bee bird parrot owl eagle duck chicken penguin ostrich shell coral
    man woman boy girl child baby crowd couple family team dancer soldier worker musician athlete clown
    face portrait hands hair tattoo wedding party concert parade festival graduation ceremony market protest
    beach ocean waves surfing swimming diving pool lake river waterfall boat ship canoe kayak sailing fishing
    snow ice skiing snowboarding skating mountain cliff climbing hiking desert sand cave volcano valley hill
    forest tree leaves grass field garden flower rose sunflower mushroom moss vine farm meadow park
    sky clouds sunset night moon stars fire smoke fog rain lightning rainbow shadow reflection
    city street building skyscraper house church castle tower bridge tunnel stairs door window wall fence
    roof statue fountain monument ruins airport station harbor road highway playground swing slide
    car truck bus train motorcycle bicycle skateboard scooter tractor tank airplane helicopter balloon rocket
    ambulance wheel engine racing traffic
    soccer football baseball basketball tennis golf hockey rugby volleyball gymnastics boxing wrestling
    running jumping dancing singing playing reading sleeping eating cooking
    guitar piano violin drum trumpet flute saxophone microphone stage
    kitchen bathroom bedroom office classroom library shop restaurant bar gym museum laboratory factory
    chair table bed sofa shelf lamp mirror curtain carpet clock desk cabinet sink toilet bathtub oven
    bottle cup plate bowl knife spoon pot basket box bag suitcase barrel bucket can jar vase candle
    phone computer keyboard screen television camera radio remote watch battery cable tool hammer saw
    screwdriver lock key chain rope wire machine pump microscope
    shirt dress coat hat cap helmet shoes boots socks gloves scarf tie uniform costume swimsuit mask glasses
    necklace jewelry umbrella
    food bread cake pizza pasta salad soup meat fish cheese egg fruit apple orange banana lemon strawberry
    grapes vegetable tomato potato carrot cabbage pumpkin rice dessert chocolate coffee tea wine beer
    book newspaper letter map sign poster painting drawing graffiti logo document screenshot chart text
    toy doll ball kite puzzle game card dice teddy
    glass metal wood stone brick plastic paper fabric leather pattern texture stripes dots circle square grid
    solar panel crack rust
    """.split()
)

STOP: frozenset[str] = frozenset(
    """
    a about above across after again against all along also although am among an and another any are around
    as at away back be because been before behind being below beside between both but by can could did do
    does doing down during each few for from front further had has have having he her here hers him his how
    i if in inside into is it its itself just large like little look looking looks many more most near next
    no nor not of off on one only onto or other others our out outside over own part person people picture
    photo same several she side sitting small so some stand standing stands such than that the their them
    then there these they this those three through to together too top toward towards two under until up
    upon very view was we wearing wears were what when where which while who whom why will with without
    you your
    img image images dsc dscn dscf pic pics photograph photos jpeg jpg png copy edited edit final untitled
    screenshot scan file new old camera dcim gopr pano mvimg pxl
    """.split()
)
"""Words without meaning for a picture: function words, words for photos, cameras' file names."""
