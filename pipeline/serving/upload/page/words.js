"use strict";
/* Words of both languages; what the program says of a file (`load --explain`) is English. */
const WORDS = {
  en: {
    login_title: "Load exports", token: "Token", wrong_token: "This is not the token.", log_in: "Log in", log_out: "Log out",
    token_hint: "The token is what CALLFUNNEL_HTTP_TOKEN holds where the listener runs.",
    drop: "Drop a file here, or choose one", drop_hint: "An export of calls, or a table: CSV, XLSX, JSON, also inside .gz or .zip",
    receiving: "Receiving", looking: "Looking at the file ...", kind: "What is in it", source: "Source", tz: "Time zone of the file",
    profile: "Format", load: "Load", another: "Another file", from_settings: "from the settings", by_itself: "told from the file",
    first_rows: "First rows, as they will be read", times_in: "times in", nothing_sent: "Nothing is loaded yet.",
    waiting: "Waiting for another load ...", reading: "Reading and sending", storing: "Storing and counting", rows: "rows", per_s: "rows/s",
    done: "Stored in ClickHouse", done_rejects: "Stored; some rows were rejected", given_up: "Given up: most rows were rejected",
    failed: "Not everything is stored", records: "records", legs: "legs", calls: "calls", known: "repeats", rejected: "rejected",
    seconds: "seconds", rejects_file: "Download the rejected rows", rejects_hint: "Mend them and load that file.",
    first_rejects: "Rejected rows", place: "Place", reason: "Reason", field: "Field", words: "What is wrong", row: "Row",
    more: "Only the first are shown.", away: "The listener does not answer. Is it running?", gone: "You are logged out.",
    too_large: "The file is larger than", say_zone: "Say the time zone of the file above, or `auto`.",
    fills_gap: "Fills a gap of", language: "Русский", locale: "en-GB"
  },
  ru: {
    login_title: "Загрузка выгрузок", token: "Токен", wrong_token: "Это не тот токен.", log_in: "Войти", log_out: "Выйти",
    token_hint: "Токен — значение CALLFUNNEL_HTTP_TOKEN там, где запущена программа.",
    drop: "Перетащите файл сюда или выберите его", drop_hint: "Выгрузка звонков или таблица: CSV, XLSX, JSON, в том числе в .gz или .zip",
    receiving: "Получение", looking: "Файл читается ...", kind: "Что в файле", source: "Источник", tz: "Часовой пояс файла",
    profile: "Формат", load: "Загрузить", another: "Другой файл", from_settings: "из настроек", by_itself: "определить по файлу",
    first_rows: "Первые строки — так они будут прочитаны", times_in: "время:", nothing_sent: "Пока ничего не загружено.",
    waiting: "Ожидание другой загрузки ...", reading: "Чтение и отправка", storing: "Сохранение и подсчёт", rows: "строк", per_s: "строк/с",
    done: "Сохранено в ClickHouse", done_rejects: "Сохранено; часть строк отклонена", given_up: "Остановлено: отклонено большинство строк",
    failed: "Сохранено не всё", records: "записей", legs: "плеч", calls: "звонков", known: "повторные", rejected: "отклонено",
    seconds: "секунд", rejects_file: "Скачать отклонённые строки", rejects_hint: "Исправьте их и загрузите этот файл.",
    first_rejects: "Отклонённые строки", place: "Место", reason: "Причина", field: "Поле", words: "Что не так", row: "Строка",
    more: "Показаны только первые.", away: "Программа не отвечает. Запущена ли она?", gone: "Вы вышли.",
    too_large: "Файл больше", say_zone: "Укажите выше часовой пояс файла или `auto`.",
    fills_gap: "Закрывает пробел потока", language: "English", locale: "ru-RU"
  }
};
const KINDS = {
  en: { auto: "told from the file", calls: "calls", managers: "managers", organisations: "organisations", stages: "stages",
        proposals: "proposals", plan: "plan", calendar: "calendar", absences: "absences" },
  ru: { auto: "определить по файлу", calls: "звонки", managers: "менеджеры", organisations: "организации", stages: "этапы",
        proposals: "предложения", plan: "план", calendar: "календарь", absences: "отсутствия" }
};
const FIELDS = {
  en: { started_at: "start", ended_at: "end", answered_at: "answered", billsec: "talk, s", direction: "direction", disposition: "outcome",
        extension: "extension", peer_extension: "other extension", contact: "number", contact_raw: "as written", did: "our number",
        call_id: "call", record_id: "record" },
  ru: { started_at: "начало", ended_at: "конец", answered_at: "ответ", billsec: "разговор, с", direction: "направление",
        disposition: "исход", extension: "внутренний", peer_extension: "второй внутренний", contact: "номер", contact_raw: "как записан",
        did: "наш номер", queue: "очередь", application: "приложение", recording: "запись", call_id: "звонок", record_id: "плечо",
        manager_id: "менеджер", organisation_id: "организация", name: "имя", team: "команда", extensions: "внутренние", phones: "телефоны",
        stage: "этап", changed_at: "изменён", proposal_id: "предложение", kind: "вид", sent_at: "отправлено", amount: "сумма",
        currency: "валюта", revision: "редакция", status: "статус", valid_from: "с", valid_to: "по", month: "месяц", day: "день" }
};
const VALUES = {
  ru: { inbound: "входящий", outbound: "исходящий", internal: "внутренний", unknown: "неизвестно", answered: "отвечен",
        machine: "автоответ", no_answer: "нет ответа", busy: "занято", failed: "не удался", cancelled: "отменён",
        general: "общее", individual: "индивидуальное", sent: "отправлено", withdrawn: "отозвано" }
};
const REASONS = {
  ru: { unknown_layout: "формат не распознан", unreadable_text: "текст не читается", line_too_long: "слишком длинная строка",
        wrong_width: "не то число столбцов", truncated: "строка обрезана", nul_byte: "нулевые байты", missing_field: "нет поля",
        bad_time: "время не читается", bad_duration: "длительность не читается", bad_phone: "номер не читается",
        bad_amount: "сумма не читается", bad_number: "число не читается", bad_kind: "неизвестный вид", bad_status: "неизвестный статус",
        bad_period: "неверный период", unknown_stage: "неизвестный этап", unknown_organisation: "неизвестная организация",
        overlapping_extension: "внутренний номер занят другим", bad_wire: "запись не читается",
        version_in_future: "часы отправителя спешат", past_retention: "старше срока хранения" }
};

const LANGUAGES = Object.keys(WORDS);
let language = [localStorage.getItem("language"), navigator.language.slice(0, 2)].find((one) => LANGUAGES.includes(one)) || "en";
const word = (name) => WORDS[language][name];

function speak() {
  document.documentElement.lang = language;
  for (const one of document.querySelectorAll("[data-word]")) one.textContent = word(one.dataset.word);
  document.getElementById("language").textContent = word("language");
}

document.getElementById("language").addEventListener("click", () => {
  language = LANGUAGES[(LANGUAGES.indexOf(language) + 1) % LANGUAGES.length];
  localStorage.setItem("language", language);
  speak();
  document.dispatchEvent(new Event("language"));
});
speak();
