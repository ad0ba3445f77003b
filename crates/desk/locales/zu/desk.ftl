# Language: isiZulu (zu)
# Reviewed: no
#
# $organisation is at hand in every message.

date = { $day } { $month ->
    [1] Januwari
    [2] Februwari
    [3] Mashi
    [4] Ephreli
    [5] Meyi
    [6] Juni
    [7] Julayi
    [8] Agasti
    [9] Septhemba
    [10] Okthoba
    [11] Novemba
   *[12] Disemba
} { $year }

## Every page

skip = Yiya kokuqukethwe
languages = Ulimi
page-title = { $title } – { $organisation }
problem-summary = Sicela ubheke lokhu futhi
go-on = Qhubeka

## The opt-in form

opt-in-title = { $organisation } ku-WhatsApp
opt-in-lead = Khetha lokho ofuna ukukuthola. Akukho okukhethelwe wena, futhi ungashintsha umqondo noma nini.
opt-in-purposes = Ufuna ukuthola ini?
opt-in-recipients = Abanye abathola idatha ngalokhu: { $recipients }
opt-in-reach = Singakuthola kuphi?
opt-in-phone = Inombolo yakho ye-WhatsApp
opt-in-phone-hint = Nekhodi yezwe, isibonelo +27 82 555 0142.
opt-in-email = Ikheli lakho le-imeyili
opt-in-email-hint = Sithumela kulo isixhumanisi ozoqinisekisa ngaso.
opt-in-route = Sikuthumelele kanjani isixhumanisi sokuqinisekisa?
opt-in-route-email = Nge-imeyili
opt-in-route-sms = Nge-SMS kuleyo nombolo
opt-in-route-chat = Ku-WhatsApp: ngivula ingxoxo ne-{ $organisation }
opt-in-notice = Okufanele ukwazi
opt-in-notice-full = Funda sonke isaziso esithi “{ $title }” (inguqulo { $version })
opt-in-submit = Ngithumelele isixhumanisi sokuqinisekisa
opt-in-after = Awutholi lutho uze uqinisekise ngaleso sixhumanisi. Sisebenza { $hours ->
    [one] ihora elilodwa
   *[other] amahora angu-{ $hours }
}.
opt-in-problem-purposes = Khetha okungenani into eyodwa ofuna ukuyithola.
opt-in-problem-phone = Bhala inombolo yakho nekhodi yezwe, isibonelo +27 82 555 0142.
opt-in-problem-email = Bhala ikheli le-imeyili, isibonelo name@example.org.
opt-in-problem-route = Khetha ukuthi sikuthumelele kanjani isixhumanisi.

## After the opt-in form

asked-title = Isinyathelo esisodwa esisele
asked-email = Uma lelo kheli le-imeyili lilungile, umyalezo onesixhumanisi usendleleni. Vula isixhumanisi bese uqinisekisa lapho.
asked-sms = Uma leyo nombolo ilungile, i-SMS enesixhumanisi isendleleni. Vula isixhumanisi bese uqinisekisa lapho.
asked-chat = Vula ingxoxo ne-{ $organisation } bese uthumela umyalezo osulungisiwe lapho. Sizobe sesikucela ukuthi uqinisekise ngokuthepha kanye.
asked-chat-button = Vula i-WhatsApp
asked-chat-code = Noma skena le khodi ngefoni onayo i-WhatsApp.
asked-chat-code-alt = Ikhodi evula ingxoxo ku-WhatsApp
asked-until = Kuze kube yileso sikhathi akukho okushintshayo. Isixhumanisi sisebenza { $hours ->
    [one] ihora elilodwa
   *[other] amahora angu-{ $hours }
}.
asked-missing = Akukafiki lutho? Linda imizuzu embalwa. Nge-imeyili, bheka nasefoldeni yemiyalezo engafunwa.
asked-again = Buyela efomini

## Confirming

confirm-title = Uyavuma?
confirm-lead = Othile ucele egameni lakho ukuthi i-{ $organisation } ikuthumelele lokhu ku-WhatsApp:
confirm-free = Kukuwe. Ngaphandle kukayebo wakho akukho okuthunyelwayo, futhi ungamhoxisa noma nini: bhala STOP engxoxweni, noma ushintshe okukhethile.
confirm-yes = Yebo, ngiyavuma
confirm-no = Cha, angivumi
confirm-nobody = Uma kungewena ocelile, vala leli khasi noma uthi cha.
confirmed-title = Siyabonga. Uthe yebo.
confirmed-text = I-{ $organisation } manje ingakuthumelela lokhu ku-WhatsApp:
confirmed-later = Ungakushintsha lokho noma nini. Bhala STOP engxoxweni, noma ubheke okukhethile.
confirmed-choices = Bona okukhethile
confirmed-stopped = Wake wayimisa imiyalezo enjalo, futhi lokho kusasebenza. Ukuze ukususe, bheka okukhethile, noma ubhale START engxoxweni.
declined-title = Kulungile. Uthe cha.
declined-text = I-{ $organisation } ikubhalile ukwenqaba kwakho, futhi ayikuthumeleli lokhu.

## A link that does not work

gone-title = Lesi sixhumanisi asisebenziseki
gone-text-altered = Asikopishwanga siphelele, noma asenziwanga yithi. Akukho okushintshile.
gone-text-changed = Lokho obuzovuma ngakho kushintshile kusukela sikuthumela. Sicela ucele imiyalezo futhi.
gone-text-expired = Sesidala kakhulu. Akukho okushintshile.
gone-text-used = Sesisetshenzisiwe, noma esisha sithathe indawo yaso.
gone-next = Esikhundleni salokho ungabona futhi ushintshe okukhethile ngenombolo yakho.

## Imininingwane yakho namalungelo akho

rights-section-text = Cela ikhophi yemininingwane yakho, yilungiswe noma isulwe, futhi ubone ukuthi izicelo zakho zimi kuphi.
rights-open = Bona izicelo zami
rights-title = Imininingwane yakho namalungelo akho
rights-lead = Lokho ongakucela ku-{ $organisation }. Akukhokhelwa, futhi uthola impendulo ngosuku olubekwe umthetho.
rights-own = Izicelo zakho
rights-none = Awukaceli lutho okwamanje.
rights-ask = Ongakucela
rights-back = Buyela ekukhetheni kwakho
rights-all = Buyela ezicelweni zakho
rights-case = Icala
rights-received = Icelwe ngomhla ka-
rights-due = Impendulo ngomhla ka-
rights-provision = Umthetho
rights-letters = Esikubhalele khona
rights-no-letters = Akukho okwamanje.
rights-withdraw = Hoxisa lesi sicelo
rights-done-new = Sisitholile isicelo sakho. Usithola ngezansi.
rights-done-known = Ubusukucelile lokhu, futhi sisasebenza kukho. Usithola ngezansi.
rights-done-withdrawn = Kwenziwe. Usihoxisile isicelo.
rights-not-now = Akusenakwenzeka: isicelo sesiphenduliwe.
rights-in-hand = Siyasebenza kukho
rights-identity = Kufanele siqiniseke ukuthi nguwe
rights-question = Sinombuzo
rights-fulfilled = Kwenziwe
rights-in-part = Kwenziwe ngengxenye
rights-refused = Kwenqatshiwe
rights-withdrawn = Kuhoxisiwe
rights-expired = Kuphele ngaphandle kwempendulo
rights-words = Ngamazwi akho
rights-words-hint = Ungakushiya kungenalutho. Sicela ungathumeli omazisi noma izinombolo zamakhadi.
rights-too-long = Kude kakhulu. Sicela usebenzise izinhlamvu ezingu-2 000 okungenani.
rights-email = Ikheli lakho le-imeyili lempendulo
rights-email-hint = Ungakushiya kungenalutho. Siqala sibuze khona ukuthi impendulo ingafika yini.
rights-next = Qhubeka
rights-check-title = Ingabe kulungile lokhu?
rights-check-lead = Usuzocela lokhu ku-{ $organisation }:
rights-check-said = Ngamazwi akho:
rights-check-deletion = Kusulwa konke okungayalelwe umthetho ukuthi kugcinwe, futhi akekho ongakubuyisa. Uthola incwadi esho okususiwe nokusalayo.
rights-check-email = Ngaphambi kokuthi kuthunyelwe okuthile ku-{ $email }, sibuza khona ukuthi uyakufuna yini.
rights-send = Yebo, cela lokhu
rights-cancel = Cha, buyela emuva
right-access = Ikhophi yemininingwane yami
right-access-text = Imiyalezo, amafayela, ovume kukho, abathole imininingwane nabayibukile, ongakufunda ukugcine.
right-complaint = Isikhalo
right-complaint-text = Sitshele ukuthi yini engahambanga kahle ngemininingwane yakho. Ungaya nakwabaphethe noma nini.
right-correction = Lungisa imininingwane yami
right-correction-text = Sitshele okungalungile nokulungile. Siyabatshela abanye abebeyithole kithi.
right-deletion = Sula imininingwane yami
right-deletion-text = Kuhamba konke okungayalelwe umthetho ukuthi kugcinwe: imiyalezo, amafayela, igama nenombolo yakho.
right-objection = Yeka ukusebenzisa imininingwane yami
right-objection-text = Ukukhangisa kuphela ngaso leso sikhathi. Okunye esikwenza ngemininingwane yakho kubhekwa ngumuntu ongakumisa.
right-opt-out = Akukho ukukhangisa
right-portability = Imininingwane yami engingahamba nayo
right-portability-text = Osinike kona, ngendlela ezinye izinhlelo ezingayifunda.
right-restriction = Gcina imininingwane yami, kodwa ungayisebenzisi
right-restriction-text = Inqobo nje uma kukhona okuphikiswayo, noma ngoba uyayidinga wena.
right-withdrawal = Qeda engivume kukho

## Izixhumanisi eziya ebhokisini noma enombolweni

mailbox-title = Izimpendulo kuleli kheli
mailbox-lead = Othile, sithemba kwakunguwe, unikeze leli kheli lezimpendulo ngecala { $case }.
mailbox-yes = Yebo, thumelani izimpendulo lapha
mailbox-done-title = Siyabonga
mailbox-done = Izimpendulo ngecala { $case } ziza kuleli kheli kusukela manje.
proof-title = Ingabe kwakunguwe?
proof-lead = Othile ucele okuthile ku-{ $organisation } ngokwelungelo (icala { $case }). Uma kwakunguwe, kusho lapha: khona kuyaqhubeka.
proof-yes = Yebo, kwakuyimi
proof-done-title = Siyabonga
proof-done = Icala { $case } liyaqhubeka manje.
reach-nobody = Uma kungewena, vala leli khasi: akukho okwenzekayo.

## Ikhophi yemininingwane, nesitifiketi sokusula

package-title = Imininingwane yakho
package-lead = Ikhophi yemininingwane yakho evela ku-{ $organisation } isilungile.
package-once = Ingalandwa kanye. Noma ubani onalesi sixhumanisi angayilanda, ngakho sicela ungasidluliseli komunye.
package-button = { $size ->
    [one] Landa (1 MB)
   *[other] Landa ({ $size } MB)
}
package-device = Yilande edivayisini yakho: ifayela alikhiyiwe, futhi noma ubani olivulayo angalifunda.
erased-keep = Okokugcina
erased-keep-text = Leli khasi lingase linyamalale ngolunye usuku. Inothi elisayiniwe lifakazela okushiwo lapha ngaphandle kwethu, ngokhiye womphakathi welogi yethu.
erased-pdf = Landa njenge-PDF
erased-note = Landa inothi elisayiniwe
erased-none-title = Asikho isitifiketi lapha
erased-none-text = Mhlawumbe isixhumanisi asiphelele, noma ukusula akukenziwa. Uma kunjalo, sicela ubuye ngemva kosuku.

## Your choices

choices-title = Okukhethile
choices-lead = Lokho i-{ $organisation } engakuthumelela kona ku-WhatsApp. Ushintsho lusebenza ngaso leso sikhathi.
choices-from = Imiyalezo ivela ku-{ $number }.
choices-list = Ongakuthola
choices-on = Kuvuliwe
choices-off = Kuvaliwe
choices-asked = Kulinde uyebo wakho
choices-stopped = Kumisiwe
choices-since = Kusukela
choices-how = Kanjani
choices-notice = Isaziso
choices-notice-version = { $title } (inguqulo { $version })
choices-why = Kungani sivumelekile
choices-recipients = Abanye abathola idatha
choices-carrier = I-WhatsApp (Meta), ethwala imiyalezo
choices-receipt = Landa irisidi (isayiniwe, inobufakazi)
choices-turn-on = Vula
choices-turn-off = Vala
choices-agree = Ngokuvula lokhu uyakuvuma.
choices-agree-notice = Ngokuvula lokhu uyakuvuma njengoba kuchaza isaziso esithi “{ $title }” (inguqulo { $version }).
choices-fixed = Lokhu akukwazi ukuvalwa kukodwa. U-“Misa konke” uyakuqeda nakho.
choices-care = Le yimpendulo uma ubhala. Ifika ngaleso sikhathi kuphela.
choices-native = Uzimise izaziso zokuthengisa ku-WhatsApp uqobo. Ungaziqala kabusha lapho kuphela.
choices-none = Okwamanje akukho okungakhethwa.
choices-changed-on = Kwenziwe. Lokhu sekuvuliwe.
choices-changed-off = Kwenziwe. Lokhu sekuvaliwe.
choices-stop-title = Misa konke
choices-stop-text = I-{ $organisation } ngeke isakuthumelela lutho ngokwayo. Uma ubhala kuqala, usazothola impendulo.
choices-stop-button = Misa konke
choices-stop-done = Kwenziwe. Konke kumisiwe.
choices-stopped-all = Umise konke kusukela ngo-{ $date }. I-{ $organisation } iphendula kuphela uma ubhala kuqala.
choices-stopped-promotion = Umise zonke izaziso zokuthengisa kusukela ngo-{ $date }.
choices-stopped-native = Umise izaziso zokuthengisa ku-WhatsApp uqobo kusukela ngo-{ $date }. Ungaziqala kabusha lapho kuphela: vula ingxoxo ne-{ $organisation } bese ubheka imininingwane yayo.
choices-start-text = Ukuqala kabusha kususa ukumiswa. Lokho okuvalile kuhlala kuvaliwe uze ukuvule.
choices-start-button = Qala kabusha
choices-not-here = Lokho akukwazi ukushintshwa lapha. Ngesixhumanisi noma ikhodi esiyithumela enombolweni yakho uqobo kungenzeka.
choices-start-done = Kwenziwe. Ukumiswa kususiwe.
choices-gpc = Isiphequluli sakho sithi idatha yakho akufanele ithengiswe noma yabelwe abanye (Global Privacy Control). Siyakuhlonipha lokho kusukela ngo-{ $date }: konke okwabelana ngedatha yakho nabanye kuvaliwe.
choices-leave = Vala okukhethile
choices-left = Okukhethile kuvaliwe kule divayisi.
opened-title = Okukhethile kuyavuleka

how-chat-keyword = Ukubhale engxoxweni
how-chat-button = Uthephe inkinobho engxoxweni
how-native-preference = Ukusethe ku-WhatsApp
how-staff = Utshele umuntu osebenza lapha
how-app = Ngolunye lwezinhlelo zethu
how-web-form = Ugcwalise ifomu noma usebenzise leli khasi
how-paper = Ephepheni
how-import = Ohlwini lwangaphambili

why-consent = Ngoba uvumile
why-consent-open = Kuphela uma uvuma
why-contract = Ngoba inkontileka nawe iyakudinga
why-legal-obligation = Ngoba umthetho uyakufuna
why-legitimate-interest = Ngoba sinesizathu esisemthethweni, ongasiphikisa

## With number and code

enter-title = Bona okukhethile
enter-lead = Sinike inombolo yakho ye-WhatsApp. Sithumela ikhodi kuyo nge-SMS, ongena ngayo. Awudingi i-akhawunti.
enter-chat-title = Noma ku-WhatsApp
enter-chat = Vula ingxoxo ne-{ $organisation } bese uthumela umyalezo osulungisiwe lapho. Siphendula ngesixhumanisi esiya kokukhethile. Awudingi i-akhawunti.
enter-links = Isixhumanisi esisemiyalezweni yethu siholela kokukhethile. Sikhona nasempendulweni yethu uma ubhala STOP engxoxweni.
enter-phone = Inombolo yakho ye-WhatsApp
enter-phone-hint = Nekhodi yezwe, isibonelo +27 82 555 0142.
enter-submit = Ngithumelele ikhodi
enter-problem-phone = Bhala inombolo yakho nekhodi yezwe, isibonelo +27 82 555 0142.
code-title = Faka ikhodi
code-lead = Uma i-{ $organisation } iyazi le nombolo, i-SMS enezinombolo eziyisithupha isendleleni eya kuyo. Zisebenza imizuzu eyishumi.
code-label = Ikhodi
code-hint = Izinombolo eziyisithupha
code-submit = Ngibonise engikukhethile
code-again = Sebenzisa enye inombolo
code-refused = Le khodi ayisebenziseki. Kungenzeka ibhalwe kabi, isindala noma isisetshenzisiwe. Ngemva kwemizamo embalwa engalungile kuba nekhefu.
ended-text = Ukuze uphephe, okukhethile kuyavaleka ngemva kwesikhathi. Okushintshile kuze kube yileso sikhathi kugciniwe.

## A notice

notice-version = Inguqulo { $version }, kusukela ngo-{ $date }
notice-languages = Nangolimi
notice-short = Kafushane
notice-elements = Ngokuningiliziwe
notice-proof = Kufakazelwa kanjani ukuthi lo mbhalo awushintshile
notice-proof-text = Lena yi-SHA-256 yombhalo. Irekhodi lemvume yakho nalo liyayisho.

## When something is wrong

error-title-400 = Lokho akufundeki
error-text-400 = Okuthile kulokho okuthunyelwe akukho ngendlela efanele. Sicela ubuyele emuva uzame futhi.
error-title-403 = Lokho akuthunyelwanga kuleli khasi
error-text-403 = Ukuze uphephe samukela kuphela okuthunyelwe ekhasini lethu, usuku olulodwa kuphela. Sicela uvule ikhasi futhi, ukuthumele kulo.
error-title-404 = Akukho lutho lapha
error-text-404 = Kungenzeka ikheli libhalwe kabi, noma ikhasi alisekho.
error-title-405 = Lokho akusebenzi lapha
error-text-405 = Leli khasi alikwazi ukwenza lokho elikucelwe.
error-title-413 = Lokho kuningi kakhulu
error-text-413 = Okuthunyelwe kude kunalokho esingakwamukela. Sicela ukufinyeze.
error-title-415 = Lokho akufundeki
error-text-415 = Leli khasi lamukela amafomu kuphela.
error-title-429 = Imizamo eminingi kakhulu
error-text-429 = Sicela ulinde imizuzu embalwa, bese uzama futhi.
error-title-500 = Lokho akusebenzanga
error-text-500 = Kuyiphutha lethu, hhayi elakho. Sicela uzame futhi kamuva.
error-title-503 = Hhayi manje
error-text-503 = Asikwazi ukuphendula okwamanje. Sicela uzame futhi ngemva komzuzu.
