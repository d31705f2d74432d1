"""Common given names of English, German, French, Czech and their neighbours, folded.

Not a register: a few hundred frequent names, so that rules see a name in a text where no
model is installed, and a scan sees a column of names by its values. In a text a word counts
only where it is written large; in a column only where many of its values do.
"""

from typing import Final

from policy_service.kit.folding import folded

_ENGLISH = """
aaron abigail adam alan albert alex alexander alexandra alexis alice alison allison amanda amber
amelia amy andrea andrew angela ann anna anne anthony arthur ashley barbara benjamin betty beverly
billy bobby bradley brandon brenda brian brittany bruce bryan caleb cameron carl carol caroline
carolyn catherine charles charlotte cheryl chloe chris christian christina christine christopher
cindy claire clara clarence connie craig crystal cynthia daniel danielle david dawn deborah debra
dennis diana diane donald donna doris dorothy douglas dylan earl eddie edward eileen elaine
eleanor elizabeth ella ellen emily emma eric erin ethan eugene evan evelyn florence frances francis
frank fred gabriel gary george gerald gladys glenn gloria grace greg gregory hannah harold harry
heather helen henry howard hugh ian isabella isaac jack jackie jacob jacqueline james jamie jane
janet janice jasmine jason jean jeffrey jennifer jeremy jerry jessica jill jim joan joanna joe joel
john johnny jonathan jordan joseph joshua joyce juan judith judy julia julian julie justin karen
kate katherine kathleen kathryn kathy katie keith kelly kenneth kevin kimberly kyle larry laura
lauren lawrence leah leo leonard leslie lewis liam lillian linda lisa logan lois lori louis louise
lucas lucy luke madison margaret maria marie marilyn marjorie mark martha martin mary matthew
megan melanie melissa mia michael michelle mike mildred molly monica morgan nancy naomi natalie
nathan neil nicholas nicole noah norma oliver olivia oscar owen pamela patricia patrick paul paula
peggy peter philip phillip phyllis rachel ralph randy raymond rebecca richard rita robert robin
rodney roger ronald rose rosemary roy russell ruth ryan sally samantha samuel sandra sara sarah
scott sean sharon sheila shirley simon sophia sophie stanley stella stephanie stephen steve steven
stuart susan suzanne sylvia tamara tammy taylor teresa terry theresa thomas tiffany timothy tina
todd tom tony tracy travis trevor tyler valerie vanessa vera veronica vicki victor victoria
vincent virginia walter wanda wayne wendy william zoe
"""
_GERMAN = """
andreas anja annette armin bernd birgit brigitte christa claudia dieter dirk elke erika florian
franz friedrich gabriele gerhard gisela greta günter günther hans harald heike heinrich heinz
helga helmut herbert hermann horst ilse ingrid jana jens johann johannes jonas jörg jürgen jutta
karin karl karsten katharina katja katrin klaus kurt lars lena lukas manfred markus matthias
maximilian michaela monika nadine norbert olaf otto petra rainer ralf renate rolf rudolf ruth
sabine sascha sebastian sigrid silke sonja stefan stefanie susanne sven thorsten tobias torsten
ulrich ulrike ursula ute uwe volker werner wilhelm wolfgang
"""
_FRENCH = """
adrien agnès alain amélie andré antoine arnaud aurélie baptiste bernard brigitte camille cédric
céline chantal christelle christophe clément corinne delphine denis dominique élise élodie émilie
éric étienne fabien fabrice florence françois françoise frédéric gaëlle gérard gilles guillaume
guy hélène hervé hugo inès isabelle jacques jean-pierre jeanne jérôme joël julien juliette laurence
laurent léa loïc luc lucie manon marc marion martine mathieu mathilde maurice maxime mélanie michel
mireille monique muriel nathalie nicolas océane odile olivier pascal pascale philippe pierre
quentin raphaël rémi renée robert romain sandrine serge solène stéphane sylvain sylvie théo
thibault thierry véronique vincent virginie xavier yann yves yvette yvonne
"""
_CZECH = """
adéla alena aleš aneta antonín barbora blanka bohumil bohuslav božena dagmar dalibor dana daniela
david denisa dominik dušan eliška emil eva filip františek hana helena irena iva ivana ivo jakub
jan jana jarmila jaromír jaroslav jaroslava jindřich jiří jiřina jitka josef kamil kamila karel
karolína kateřina klára kristýna květoslava ladislav lenka leoš libor libuše lubomír lucie luděk
ludmila lukáš marcela marek marie markéta martina matěj michal milan milena miloš miloslav
miroslav miroslava monika naděžda natálie nikola oldřich olga ondřej otakar patrik pavel pavla
petr pavlína radek radim radka renata roman romana rostislav růžena simona soňa stanislav šárka
štěpán tereza tomáš václav veronika viktor vít vítězslav vladimír vladimíra vlasta vlastimil
vojtěch vratislav zbyněk zdeněk zdeňka zuzana žaneta
"""
_NEIGHBOURS = """
agnieszka aleksander andrzej ania anders antonio carlos carmen dmitri ekaterina elena erik
fatima fernando francesca francisco giovanni giulia giuseppe gustav håkan henrik igor ivan ingeborg
javier joão jorge josé juan kristina lars luca luis luigi magnus małgorzata manuel marco mario
mehmet miguel mohamed mohammed muhammad natalia nikolai nils olga olaf pablo paolo pedro piotr
rafael ricardo roberto rosa sergei sergio silvia sofia svetlana tatiana vittorio vladimir wojciech
angelika anke ben bohumila elijah emilia felix finn frieda harper jozef leon lily marlene mason
miloslava sébastien yusuf zoltán lászló istván gábor attila katalin ferenc silvana enrico
"""
GIVEN_NAMES: Final = frozenset(
    folded(f"{_ENGLISH} {_GERMAN} {_FRENCH} {_CZECH} {_NEIGHBOURS}").split()
)
# Given names that are ordinary words as well.
_COMMON = """
amber crystal dawn earl faith frank grace jack joy mark may rose will chad jordan robin florence
virginia victoria madison logan morgan taylor tyler jean christian harper lily mason
"""
COMMON_WORDS: Final = frozenset(_COMMON.split())
