"""Words no mail of ours may say, or only above a level, and those it must: by language, to be extended as reviewers find more."""

import re

Patterns = dict[str, dict[str, re.Pattern[str]]]


def _any(words: str) -> re.Pattern[str]:
    """Return a pattern for whole words; a trailing `*` stands for any ending."""
    parts = (word.strip().replace("*", r"\w*").replace(" ", r"\s+") for word in words.split("|"))
    return re.compile(rf"\b(?:{'|'.join(parts)})\b", re.IGNORECASE)


def _like(*patterns: str) -> re.Pattern[str]:
    """Return a pattern for any of these expressions."""
    return re.compile("|".join(patterns), re.IGNORECASE)


# Names of illness, remedy, score, healer or reason: not in a subject ever, nor in the body below level 2.
HEALTH = {
    "en": _any(
        "ketamin*|esketamin*|spravato|infusion*|inject*|depress*|antidepress*|anxi*|ptsd|trauma*|pain*|psych*|mental*|therap*|treat*|medic*|"
        "drug*|dose*|dosing|diagnos*|symptom*|patient*|clinic*|doctor*|physician*|nurse*|hospital*|health*|disorder*|illness*|disease*|"
        "suicid*|screening*|questionnaire*|score*|phq*|gad-?7|iv|im|blood*|prescri*|off-label|fda|side effect*|brain*|mood*|bipolar|"
        "addict*|referr*|session*|vein*|needle*"
    ),
    "es": _any(
        "ketamina*|esketamina*|spravato|infusi*|inyecci*|depresi*|antidepresiv*|ansiedad*|tept|trauma*|dolor*|psiqui*|psico*|mental*|terap*|"
        "tratamiento*|medic*|médic*|fármaco*|droga*|dosis|diagn*|síntoma*|sintoma*|paciente*|clínic*|clinic*|doctor*|enfermer*|enfermedad*|"
        "hospital*|salud|trastorno*|suicid*|evaluación*|cuestionario*|puntaje*|iv|im|presión|sangre|receta*|fda|efectos secundarios|"
        "cerebr*|estado de ánimo|bipolar|adicci*|derivaci*|sesión|sesiones|vena*|aguja*"
    ),
}
# What level 1 adds to level 0.
VISIT = {"en": _any("visit*|appointment*"), "es": _any("visita*|cita|citas")}
TREATMENT = _like(r"\bketamin")

CLAIMS: Patterns = {
    "en": {
        "ketamine is not approved for this": _like(r"(?<!not )\bFDA[- ]approved", r"\bapproved (?:treatment|by the FDA)"),
        "no treatment is without risk": _any(
            "safe|safely|safest|no side effects|without side effects|non-?addictive|not addictive|risk-free|harmless|natural|naturally"
        ),
        "it promises too much": _any(
            "miracle*|breakthrough*|cure|cures|cured|guarante*|instant*|gold standard|most effective|life-changing|magic*|proven"
        ),
        "no rate without population, comparator, duration and source": _like(
            r"\d+\s?(?:%|percent)",
            r"\b(?:one|two|three|four|\d+)[ -](?:in|out of)[ -](?:two|three|four|five|ten|\d+)\b",
            r"\b(?:success|response|remission) rates?\b",
            r"\bmost people (?:feel|get) better",
            r"\bone-third",
        ),
        "preventing suicide is no benefit to advertise": _like(
            r"\b(?:prevent|stop|end|reduc|eas|reliev|lower|lift)\w*\b[^.]{0,40}\bsuicid",
            r"\bsuicid\w*[^.]{0,40}\b(?:go away|disappear|stops?|fades?)\b",
        ),
        "“died by suicide” is the way to say it": _any("commit* suicide"),
        "dosing and home use are not for e-mail": _like(
            r"\b\d+(?:\.\d+)?\s?(?:mg|mcg|ml|milligrams?)\b", r"\bat[- ]home (?:use|ketamine|treatment)", r"\buse it at home", r"\blozenge"
        ),
        "no recreational appeal": _any("trip|trips|tripping|recreational*|psychedelic*|high feeling|get high|buzz"),
        "no pressure: the reader may be severely depressed": _like(
            r"\blast chance", r"\bhurry\b", r"\bact now", r"\bdon[’']t miss", r"\b(?:only )?\d+ (?:days|hours|spots|places) left",
            r"\bfinal notice", r"\blimited time", r"\bbefore it(?:[’']s| is) too late",
        ),
        "no guilt after a no-show": _like(
            r"\bno-show", r"\byou (?:missed|failed|forgot|did not (?:come|show)|didn[’']t (?:come|show))", r"\bdisappoint", r"\bcost us\b"
        ),
        "driving, escort and fasting only from text the clinic approved": _like(
            r"\b(?:do not|don[’']t|(?<!what )you may|(?<!what )you can|you must not) (?:drive|eat|drink)\b",
            r"\bfasting\b", r"\bescort\b", r"\bride home\b",
        ),
        "no testimonials": _like(r"\bchanged my life", r"\b(?:saved|gave me back) my life", r"\bour patients (?:say|tell|love)"),
    },
    "es": {
        "la ketamina no está aprobada para esto": _like(
            r"(?<!no está )(?<!no están )(?<!no es )\baprobad[oa]s? por la FDA", r"\btratamiento aprobado"
        ),
        "ningún tratamiento es sin riesgo": _like(
            r"\b(?:es|son|muy|más|totalmente|completamente|tratamiento|método|forma) segur[oa]s?\b",
            r"\bsin efectos secundarios", r"\bno (?:es )?adictiv[oa]", r"\bsin riesgos?\b", r"\binofensiv", r"\bnatural(?:es|mente)?\b",
        ),
        "promete demasiado": _any(
            "milagr*|revolucionari*|cura|curas|curar*|curación|garantiz*|garantía|instantáne*|estándar de oro|el más eficaz|"
            "mágic*|comprobad*"
        ),
        "ninguna tasa sin población, comparación, duración y fuente": _like(
            r"\d+\s?%", r"\d+ por ciento", r"\b(?:uno|una|dos|tres|\d+) de cada\b",
            r"\btasas? de (?:éxito|respuesta|remisión)", r"\bla mayoría mejora",
        ),
        "prevenir el suicidio no es una ventaja que anunciar": _like(
            r"\b(?:previ?en|prevenir|evit|deten|alivi|reduc|quit|elimin)\w*\b[^.]{0,40}\bsuicid"
        ),
        "dosis y uso en casa no van por correo": _like(r"\b\d+(?:[.,]\d+)?\s?(?:mg|mcg|ml|miligramos?)\b", r"\buso en casa"),
        "sin atractivo recreativo": _any("recreativ*|psicodélic*|colocarse|drogarse"),
        "sin presión": _like(
            r"\búltima oportunidad", r"\bapúrese", r"\bdese prisa", r"\bactúe ya", r"\bno (?:se lo pierda|deje pasar)",
            r"\bquedan (?:solo )?\d+", r"\bantes de que sea tarde",
        ),
        "sin culpa tras una ausencia": _like(r"\b(?:no se presentó|no vino|faltó|olvidó)\b", r"\bdecepcion", r"\bnos costó\b"),
        "conducir, acompañante y ayuno solo con texto aprobado": _like(
            r"\bno (?:conduzca|maneje|coma|beba)\b", r"\bpuede (?:conducir|manejar)\b", r"\bayun", r"\bacompañante\b"
        ),
        "sin testimonios": _like(r"\b(?:cambió|salvó) mi vida", r"\bnuestros pacientes (?:dicen|cuentan)"),
    },
}  # fmt: skip

RISKS: Patterns = {
    "en": {
        "off-label use": _like(r"off-label"),
        "“not FDA-approved for depression”": _like(r"not FDA-approved for depression"),
        "a clinician deciding": _like(r"a clinician decides whether it is suitable for you"),
        "who is not eligible": _like(r"not for everyone"),
        "keeping one’s medicines": _like(r"do not stop a medicine without"),
        "monitoring": _like(r"monitored"),
        "sedation": _like(r"sedation"),
        "dissociation": _like(r"dissociation"),
        "blood pressure": _like(r"raised blood pressure"),
        "breathing": _like(r"breathing"),
        "psychiatric events": _like(r"psychiatric events"),
        "abuse and misuse": _like(r"abuse and misuse"),
        "urinary symptoms": _like(r"urinary"),
    },
    "es": {
        "uso off-label": _like(r"fuera de lo indicado \(off-label\)"),
        "«no está aprobada por la FDA para la depresión»": _like(r"no está aprobada por la FDA para la depresión"),
        "que decide un profesional": _like(r"un profesional clínico decide si es adecuada para usted"),
        "que no es para todos": _like(r"no es para todos"),
        "no dejar medicamentos": _like(r"no deje un medicamento sin"),
        "vigilancia": _like(r"se vigila"),
        "sedación": _like(r"sedación"),
        "disociación": _like(r"disociación"),
        "presión arterial": _like(r"presión arterial alta"),
        "respiración": _like(r"respirar"),
        "efectos psiquiátricos": _like(r"efectos psiquiátricos"),
        "abuso y mal uso": _like(r"abuso y mal uso"),
        "vías urinarias": _like(r"vías urinarias"),
    },
}  # fmt: skip
