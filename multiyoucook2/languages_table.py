"""The languages that translation models are known to speak, a line each: our code, FLORES-200's, the English name.

Source: the 202 codes of NLLB-200 (its tokenizer's list), and Breton and Western Frisian of M2M-100's list. Our code is
ISO 639-1 where there is one, else ISO 639-3; ``zh-Hant`` and the like name a script that is not the usual one. The
first 16 are those of the data sets of the C2KD paper.
"""

TABLE = """
en eng_Latn English
de deu_Latn German
fr fra_Latn French
cs ces_Latn Czech
zh zho_Hans Chinese
ru rus_Cyrl Russian
vi vie_Latn Vietnamese
es spa_Latn Spanish
ja jpn_Jpan Japanese
sw swh_Latn Swahili
hi hin_Deva Hindi
mr mar_Deva Marathi
ta tam_Taml Tamil
te tel_Telu Telugu
kn kan_Knda Kannada
ml mal_Mlym Malayalam
ace ace_Latn Acehnese
ace-Arab ace_Arab Acehnese (Arabic)
acm acm_Arab Mesopotamian Arabic
acq acq_Arab Ta'izzi-Adeni Arabic
aeb aeb_Arab Tunisian Arabic
af afr_Latn Afrikaans
ajp ajp_Arab South Levantine Arabic
ak aka_Latn Akan
am amh_Ethi Amharic
apc apc_Arab North Levantine Arabic
ar arb_Arab Arabic
ars ars_Arab Najdi Arabic
ary ary_Arab Moroccan Arabic
arz arz_Arab Egyptian Arabic
as asm_Beng Assamese
ast ast_Latn Asturian
awa awa_Deva Awadhi
ay ayr_Latn Aymara
az azj_Latn Azerbaijani
azb azb_Arab South Azerbaijani
ba bak_Cyrl Bashkir
ban ban_Latn Balinese
be bel_Cyrl Belarusian
bem bem_Latn Bemba
bg bul_Cyrl Bulgarian
bho bho_Deva Bhojpuri
bjn bjn_Latn Banjar
bjn-Arab bjn_Arab Banjar (Arabic)
bm bam_Latn Bambara
bn ben_Beng Bangla
bo bod_Tibt Tibetan
br bre_Latn Breton
bs bos_Latn Bosnian
bug bug_Latn Buginese
ca cat_Latn Catalan
ceb ceb_Latn Cebuano
cjk cjk_Latn Chokwe
ckb ckb_Arab Central Kurdish
crh crh_Latn Crimean Tatar
cy cym_Latn Welsh
da dan_Latn Danish
din dik_Latn Dinka
dyu dyu_Latn Dyula
dz dzo_Tibt Dzongkha
ee ewe_Latn Ewe
el ell_Grek Greek
eo epo_Latn Esperanto
et est_Latn Estonian
eu eus_Latn Basque
fa pes_Arab Persian
ff fuv_Latn Fula
fi fin_Latn Finnish
fj fij_Latn Fijian
fo fao_Latn Faroese
fon fon_Latn Fon
fur fur_Latn Friulian
fy fry_Latn Western Frisian
ga gle_Latn Irish
gd gla_Latn Scottish Gaelic
gl glg_Latn Galician
gn grn_Latn Guarani
gu guj_Gujr Gujarati
ha hau_Latn Hausa
he heb_Hebr Hebrew
hne hne_Deva Chhattisgarhi
hr hrv_Latn Croatian
ht hat_Latn Haitian Creole
hu hun_Latn Hungarian
hy hye_Armn Armenian
id ind_Latn Indonesian
ig ibo_Latn Igbo
ilo ilo_Latn Iloko
is isl_Latn Icelandic
it ita_Latn Italian
jv jav_Latn Javanese
ka kat_Geor Georgian
kab kab_Latn Kabyle
kac kac_Latn Kachin
kam kam_Latn Kamba
kbp kbp_Latn Kabiyè
kea kea_Latn Kabuverdianu
kg kon_Latn Kongo
ki kik_Latn Kikuyu
kk kaz_Cyrl Kazakh
km khm_Khmr Khmer
kmb kmb_Latn Kimbundu
ko kor_Hang Korean
knc knc_Latn Kanuri
knc-Arab knc_Arab Kanuri (Arabic)
ks kas_Arab Kashmiri
ks-Deva kas_Deva Kashmiri (Devanagari)
ku kmr_Latn Kurdish
ky kir_Cyrl Kyrgyz
lb ltz_Latn Luxembourgish
lg lug_Latn Ganda
li lim_Latn Limburgish
lij lij_Latn Ligurian
lmo lmo_Latn Lombard
ln lin_Latn Lingala
lo lao_Laoo Lao
lt lit_Latn Lithuanian
ltg ltg_Latn Latgalian
lua lua_Latn Luba-Lulua
luo luo_Latn Luo (Kenya and Tanzania)
lus lus_Latn Mizo
lv lvs_Latn Latvian
mag mag_Deva Magahi
mai mai_Deva Maithili
mg plt_Latn Malagasy
mi mri_Latn Māori
min min_Latn Minangkabau
mk mkd_Cyrl Macedonian
mn khk_Cyrl Mongolian
mni mni_Beng Manipuri
mos mos_Latn Mossi
ms zsm_Latn Malay
mt mlt_Latn Maltese
my mya_Mymr Burmese
nb nob_Latn Norwegian
ne npi_Deva Nepali
nl nld_Latn Dutch
nn nno_Latn Norwegian Nynorsk
nso nso_Latn Northern Sotho
nus nus_Latn Nuer
ny nya_Latn Nyanja
oc oci_Latn Occitan
om gaz_Latn Oromo
or ory_Orya Odia
pa pan_Guru Punjabi
pag pag_Latn Pangasinan
pap pap_Latn Papiamento
pl pol_Latn Polish
prs prs_Arab Dari
ps pbt_Arab Pashto
pt por_Latn Portuguese
qu quy_Latn Quechua
rn run_Latn Rundi
ro ron_Latn Romanian
rw kin_Latn Kinyarwanda
sa san_Deva Sanskrit
sat sat_Beng Santali
sc srd_Latn Sardinian
scn scn_Latn Sicilian
sd snd_Arab Sindhi
sg sag_Latn Sango
shn shn_Mymr Shan
si sin_Sinh Sinhala
sk slk_Latn Slovak
sl slv_Latn Slovenian
sm smo_Latn Samoan
sn sna_Latn Shona
so som_Latn Somali
sq als_Latn Albanian
sr srp_Cyrl Serbian
ss ssw_Latn Swati
st sot_Latn Southern Sotho
su sun_Latn Sundanese
sv swe_Latn Swedish
szl szl_Latn Silesian
taq taq_Latn Tamasheq
taq-Tfng taq_Tfng Tamasheq (Tifinagh)
tg tgk_Cyrl Tajik
th tha_Thai Thai
ti tir_Ethi Tigrinya
tk tuk_Latn Turkmen
tl tgl_Latn Filipino
tn tsn_Latn Tswana
tpi tpi_Latn Tok Pisin
tr tur_Latn Turkish
ts tso_Latn Tsonga
tt tat_Cyrl Tatar
tum tum_Latn Tumbuka
tw twi_Latn Twi
tzm tzm_Tfng Central Atlas Tamazight
ug uig_Arab Uyghur
uk ukr_Cyrl Ukrainian
umb umb_Latn Umbundu
ur urd_Arab Urdu
uz uzn_Latn Uzbek
vec vec_Latn Venetian
war war_Latn Waray
wo wol_Latn Wolof
xh xho_Latn Xhosa
yi ydd_Hebr Yiddish
yo yor_Latn Yoruba
yue yue_Hant Cantonese
zh-Hant zho_Hant Chinese (Traditional)
zu zul_Latn Zulu
"""
