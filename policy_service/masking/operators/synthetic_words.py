"""Words that made-up values are put together from: short lists of our own."""

_GIVEN_NAMES = """
Ada Adam Alba Alena Alma Amir Ana Anton Arne Astrid Aya Bela Bianca Boris Bruno Carla Cecil Chiara
Clara Dario David Delia Dora Edgar Edith Eero Elena Elias Elsa Emil Enzo Erik Esther Eva Fatima
Felix Fiona Flora Frida Gaia Gloria Greta Hana Hector Heidi Helga Hugo Ida Igor Ines Ingrid Irma
Ivan Jana Jarmila Jasper Jonas Judith Julia Kamil Karin Karl Katja Klara Lars Laura Lea Leo Lena
Lidia Linus Livia Lorenz Louis Luca Lucia Ludmila Magda Malik Manuel Mara Marek Marta Mateo Maya
Milan Mila Mira Nadia Nils Nina Noa Nora Olaf Olga Oscar Otto Pablo Paula Pavel Petra Pia Priya
Rafael Ralf Rita Robin Rosa Ruth Sara Selma Silvia Simon Sofia Stella Sven Tamara Tereza Theo Thea
Tilda Tomas Ulla Vera Viktor Viola Walter Wanda Yara Yusuf Zara Zdena Zora
"""
_FAMILY_NAMES = """
Abbott Adler Almeida Andersen Arnold Bailey Barta Becker Benes Berg Bianchi Blake Bloom Bondar
Brandt Brook Carver Castro Chen Clarke Coleman Conti Costa Cross Dahl Dalton Danek Diaz Dolan
Dubois Eklund Ellis Falk Farkas Ferrari Fischer Fletcher Fox Frost Garner Gomez Graf Grant Greco
Haas Hale Hansen Harper Hayes Hlavac Hoffman Holm Horak Horvat Hudson Ibsen Ivanov Jansen Jensen
Joshi Kaiser Kane Keller Khan Klein Kolar Kovac Kral Kramer Lane Larsen Laurent Lind Lopez Lorenz
Lund Maier Marsh Martins Meyer Miles Molnar Moreau Moss Nagy Nash Nemec Nielsen Novak Olsen Ortega
Osman Palmer Parker Patel Pereira Petit Pokorny Popa Prochazka Quinn Ramos Reed Reyes Ricci Romano
Rossi Rowe Sanders Santos Sato Schmidt Sedlak Silva Simek Sloan Soto Stark Steiner Stone Svoboda
Tanaka Toth Turner Urban Vance Vargas Vega Vesely Vogel Wagner Walsh Weber West Winter Wolf Wright
York Young Zeman Ziegler
"""
_STREETS = """
Acorn Alder Amber Apple Ash Aspen Beech Birch Bridge Brook Canal Castle Cedar Chapel Cherry
Chestnut Clover Copper Elm Falcon Fern Field Forest Fountain Garden Glen Grove Harbour Hazel Heron
High Hill Holly Iris Ivy Juniper Kings Lake Lark Laurel Lily Linden Maple Market Meadow Mill Moss
Oak Olive Orchard Park Pearl Pine Poplar Queens Quarry River Rose Rowan Sage School Silver Spring
Station Stone Summer Swan Temple Thistle Valley Walnut Water Willow Winter
"""
_CITIES = """
Alderbrook Ashmere Birchwick Blackmoor Brightwater Cedarholm Clearford Coldspring Copperfield
Crowmarsh Deepvale Eastmere Elmstead Fairhaven Fernley Foxbridge Glenwick Greenhollow Hartwell
Hazelford Highmoor Ironbridge Kingsmere Lakeshore Larkfield Longmeadow Maplewood Millhaven
Mossgate Northbrook Oakhurst Oldcastle Orchardton Pinecrest Quarryford Ravenhill Redwater Riverton
Rosewick Rowanfield Saltmarsh Silverlake Southmere Springdale Stonebridge Summerhill Swanmere
Thornfield Underhill Valeford Waterside Westhaven Whitecliff Willowdale Windmere Winterfold
Woodmarsh
"""
GIVEN_NAMES = tuple(_GIVEN_NAMES.split())
FAMILY_NAMES = tuple(_FAMILY_NAMES.split())
STREETS = tuple(_STREETS.split())
CITIES = tuple(_CITIES.split())
