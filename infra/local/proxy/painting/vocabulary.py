"""Which words of a prompt the painter knows, English and the commonest Korean ones."""

#: Creature word -> species that `figure` can draw.
SPECIES: dict[str, str] = {
    "fox": "fox", "vixen": "fox", "squirrel": "fox", "raccoon": "fox",
    "wolf": "wolf", "dog": "dog", "puppy": "dog", "hound": "dog",
    "rabbit": "rabbit", "bunny": "rabbit", "hare": "rabbit", "donkey": "rabbit",
    "bear": "bear", "cub": "bear", "teddy": "bear", "panda": "bear",
    "hedgehog": "bear", "lion": "lion", "tiger": "cat",
    "cat": "cat", "kitten": "cat", "mouse": "mouse", "rat": "mouse",
    "pig": "pig", "piglet": "pig",
    "dragon": "dragon", "dinosaur": "dragon", "crocodile": "dragon",
    "bird": "bird", "owl": "bird", "robin": "bird", "duck": "bird", "swan": "bird",
    "hen": "bird", "rooster": "bird", "raven": "bird", "crow": "bird", "chick": "bird",
    "eagle": "bird", "goose": "bird", "penguin": "bird",
    "frog": "frog", "toad": "frog",
}  # fmt: skip

#: Word for a person -> what that word implies.
PEOPLE: dict[str, frozenset[str]] = {
    word: frozenset(traits.split())
    for word, traits in {
        "girl": "female", "daughter": "female", "sister": "female", "woman": "female grown",
        "mother": "female grown", "queen": "female grown crown gown",
        "princess": "female crown gown",
        "witch": "female grown pointed_hat", "fairy": "female wings wand gown",
        "angel": "female wings gown", "lady": "female grown gown", "maid": "female",
        "mermaid": "female gown", "grandmother": "female grown old glasses",
        "granny": "female grown old glasses", "grandma": "female grown old glasses",
        "stepmother": "female grown gown", "heroine": "female", "cinderella": "female gown",
        "boy": "male", "son": "male", "brother": "male", "man": "male grown",
        "father": "male grown", "king": "male grown crown beard cape", "prince": "male crown cape",
        "knight": "male helmet sword", "wizard": "male grown beard pointed_hat robe wand",
        "magician": "male grown pointed_hat robe wand", "sorcerer": "male grown beard robe wand",
        "grandfather": "male grown old beard glasses", "grandpa": "male grown old beard glasses",
        "woodcutter": "male grown beard", "hunter": "male grown beard",
        "huntsman": "male grown beard",
        "farmer": "male grown", "pirate": "male hat", "dwarf": "male beard pointed_hat",
        "gnome": "male beard pointed_hat", "elf": "male pointed_hat", "giant": "male grown",
        "hero": "male", "soldier": "male", "child": "", "kid": "", "hood": "female hood",
        "traveler": "", "villager": "", "person": "", "character": "", "troll": "male",
    }.items()
}  # fmt: skip

#: Thing that can be worn or carried -> its name in `figure`.
ITEMS: dict[str, str] = {
    "crown": "crown", "tiara": "crown", "hat": "hat", "cap": "hat", "bonnet": "hat",
    "cape": "cape", "cloak": "cape", "mantle": "cape", "hood": "hood", "hooded": "hood",
    "wand": "wand", "staff": "wand", "sword": "sword", "glasses": "glasses",
    "spectacles": "glasses", "wings": "wings", "winged": "wings", "beard": "beard",
    "bearded": "beard", "scarf": "scarf", "basket": "basket", "flower": "flower",
    "flowers": "flower", "rose": "flower", "lantern": "lantern", "lamp": "lantern",
    "balloon": "balloon", "book": "book", "helmet": "helmet", "armor": "helmet",
    "armour": "helmet", "bow": "ribbon", "ribbon": "ribbon", "robe": "robe",
}  # fmt: skip

#: Word that a colour can stand before -> the part of the picture that takes the colour.
PARTS: dict[str, str] = {
    "hair": "hair", "haired": "hair", "braids": "hair", "curls": "hair", "locks": "hair",
    "eyes": "eyes", "eyed": "eyes", "dress": "clothes", "gown": "clothes", "tunic": "clothes",
    "shirt": "clothes", "coat": "clothes", "jacket": "clothes", "robe": "clothes",
    "vest": "clothes", "sweater": "clothes", "clothes": "clothes", "armor": "clothes",
    "armour": "clothes", "overalls": "clothes", "trousers": "legs", "pants": "legs",
    "skirt": "legs", "shorts": "legs", "boots": "shoes", "shoes": "shoes", "cape": "cape",
    "cloak": "cape", "hood": "cape", "mantle": "cape", "riding": "cape", "hat": "hat",
    "cap": "hat", "scarf": "scarf", "wings": "wings", "fur": "fur", "feathers": "fur",
    "scales": "fur", "beard": "beard", "ribbon": "scarf", "bow": "scarf", "balloon": "balloon",
    "sky": "sky", "roof": "roof", "roofs": "roof", "flowers": "flower", "flower": "flower",
} | dict.fromkeys(SPECIES, "fur")  # fmt: skip

#: Word of a place -> the element of a landscape that it asks for.
PLACES: dict[str, str] = {
    "forest": "forest", "woods": "forest", "wood": "forest", "jungle": "forest",
    "trees": "forest", "tree": "tree", "grove": "forest",
    "castle": "castle", "palace": "castle", "tower": "castle", "fortress": "castle",
    "kingdom": "castle", "village": "village", "town": "village", "houses": "village",
    "city": "village", "cottage": "cottage", "house": "cottage", "hut": "cottage",
    "cabin": "cottage", "home": "cottage", "mill": "cottage",
    "sea": "sea", "ocean": "sea", "beach": "sea", "coast": "sea", "harbor": "sea",
    "harbour": "sea", "island": "sea", "ship": "sea boat", "boat": "sea boat",
    "lake": "lake", "pond": "lake", "river": "river", "stream": "river", "brook": "river",
    "waterfall": "river", "mountain": "mountain", "mountains": "mountain", "peak": "mountain",
    "cliff": "mountain", "cave": "mountain", "valley": "mountain", "volcano": "mountain",
    "hill": "hill", "hills": "hill", "meadow": "meadow", "field": "meadow", "fields": "meadow",
    "garden": "meadow", "flowers": "meadow", "path": "path", "road": "path", "trail": "path",
    "bridge": "river", "night": "night", "midnight": "night", "stars": "night",
    "starry": "night", "moon": "night moon", "moonlight": "night moon", "moonlit": "night moon",
    "sunset": "sunset", "dusk": "sunset", "evening": "sunset", "sunrise": "sunset",
    "dawn": "sunset", "winter": "snow", "snow": "snow", "snowy": "snow", "ice": "snow",
    "frozen": "snow", "autumn": "autumn", "fall": "autumn", "spring": "meadow",
    "rain": "cloud", "storm": "cloud", "cloudy": "cloud", "clouds": "cloud", "sky": "cloud",
    "rainbow": "rainbow", "desert": "desert", "snowfall": "snow", "sunny": "sun", "sun": "sun",
}  # fmt: skip

#: Words that say outright that a place is wanted, whoever else is named.
PLACE_MARKERS = frozenset(
    ("background", "backdrop", "landscape", "scenery", "scene", "panorama", "environment", "vista")
)

#: Words that say outright that a figure is wanted.
FIGURE_MARKERS = frozenset(("character", "portrait", "full body", "standing", "figure", "mascot"))

#: Korean stem -> English words that stand for it (particles follow a stem, so it is searched for).
KOREAN: dict[str, str] = {
    "여우": "fox", "토끼": "rabbit", "늑대": "wolf", "고양이": "cat", "강아지": "dog",
    "호랑이": "tiger", "사자": "lion", "돼지": "pig", "개구리": "frog", "생쥐": "mouse",
    "부엉이": "owl", "공룡": "dinosaur", "새끼곰": "bear", "아기곰": "bear", "소녀": "girl",
    "소년": "boy", "공주": "princess", "왕자": "prince", "왕비": "queen", "임금": "king",
    "마녀": "witch", "마법사": "wizard", "요정": "fairy", "기사": "knight", "할머니": "grandmother",
    "할아버지": "grandfather", "숲": "forest", "마을": "village", "바다": "sea", "호수": "lake",
    "하늘": "sky", "배경": "background", "풍경": "landscape", "겨울": "winter", "가을": "autumn",
    "노을": "sunset", "달빛": "moonlight", "무지개": "rainbow", "왕관": "crown", "모자": "hat",
    "망토": "cape", "안경": "glasses", "지팡이": "wand", "빨간": "red", "파란": "blue",
    "노란": "yellow", "초록": "green", "보라": "purple", "하얀": "white", "검은": "black",
    "분홍": "pink", "황금": "golden", "드레스": "dress", "머리카락": "hair",
}  # fmt: skip
