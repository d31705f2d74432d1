"""Common given names, without accents: what lets a column of names be seen by its values.

Not a register: a few hundred names that are frequent in English, Czech, German and
French. A column counts as names when a good part of its values is found here.
"""

from typing import Final

_ENGLISH = """
james john robert michael william david richard joseph thomas charles christopher daniel matthew
anthony mark donald steven paul andrew joshua kenneth kevin brian george edward ronald timothy jason
jeffrey ryan jacob gary nicholas eric jonathan stephen larry justin scott brandon benjamin samuel
gregory frank alexander raymond patrick jack dennis jerry tyler aaron jose adam henry nathan peter
mary patricia jennifer linda elizabeth barbara susan jessica sarah karen lisa nancy betty margaret
sandra ashley kimberly emily donna michelle carol amanda dorothy melissa deborah stephanie rebecca
sharon laura cynthia kathleen amy angela shirley anna brenda pamela emma nicole helen samantha
katherine christine debra rachel carolyn janet catherine maria heather diane ruth julie olivia joyce
virginia victoria kelly lauren christina joan evelyn judith megan andrea cheryl hannah jacqueline
martha gloria teresa ann sara madison frances kathryn janice jean alice sophia grace judy oliver
harry liam noah ethan lucas mason logan elijah isabella mia charlotte amelia harper ella chloe lily
"""
_CZECH = """
jiri jan petr jana marie eva hana anna vera josef pavel martin tomas jaroslav miroslav zdenek
frantisek vaclav michal milan karel lukas jakub david vladimir ladislav roman stanislav ondrej radek
marek daniel antonin vojtech filip adam ivan jozef libor matej rostislav lubomir oldrich bohumil
lenka katerina lucie alena petra veronika jaroslava martina ludmila jitka zdenka ivana michaela
monika zuzana helena tereza jarmila marcela kristyna barbora dagmar dana kamila bozena nikola
renata irena simona blanka vlasta radka pavla adela klara natalie eliska karolina bohumila miloslava
"""
_GERMAN = """
hans peter wolfgang klaus manfred jurgen michael bernd thomas helmut gunter gerhard dieter horst
uwe heinz stefan rainer ralf matthias jorg frank sven lars tobias florian sebastian felix lukas leon
finn paul jonas ben maximilian ursula monika petra sabine renate karin helga brigitte ingrid gisela
susanne gabriele christa birgit andrea erika claudia angelika heike stefanie katrin anja melanie
julia lena lea anke silke jutta marlene greta frieda emilia
"""
_FRENCH = """
jean pierre michel andre philippe alain bernard jacques daniel patrick nicolas christophe laurent
julien olivier pascal francois frederic sebastien guillaume mathieu antoine hugo louis gabriel
nathalie isabelle sylvie francoise monique martine christine valerie sandrine veronique celine
aurelie chantal brigitte camille manon chloe lea ines jeanne juliette louise elodie amelie
"""

GIVEN_NAMES: Final = frozenset(f"{_ENGLISH} {_CZECH} {_GERMAN} {_FRENCH}".split())
