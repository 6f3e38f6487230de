// The sandbox's control API, one function per call. An answer outside 2xx becomes an ApiError with its sentence.

export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function call(method, path, body) {
  let response;
  try {
    response = await fetch(path, {
      method,
      cache: "no-store",
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new ApiError(0, "The sandbox does not answer");
  }
  const text = await response.text();
  let answer = {};
  try { answer = text ? JSON.parse(text) : {}; } catch { /* said below */ }
  if (!response.ok) throw new ApiError(response.status, answer.error || `The sandbox answered ${response.status}`);
  return answer;
}

const chat = (person) => `/api/chats/${encodeURIComponent(person)}`;

const at = (standIn) => (standIn === "whatsapp" ? "/api" : `/api/${standIn}`);

export const api = {
  state: () => call("GET", "/api/state"),
  chat: (person, after = 0) => call("GET", chat(person) + (after ? `?after=${after}` : "")),
  say: (person, what) => call("POST", `${chat(person)}/say`, what),
  open: (person) => call("POST", `${chat(person)}/open`, {}),
  savePerson: (person) => call("POST", "/api/people", person),
  clock: (change) => call("POST", "/api/clock", change),
  misbehaviour: () => call("GET", "/api/misbehaviour"),
  behave: () => call("DELETE", "/api/misbehaviour"),
  fault: (standIn, fault) => call("POST", `${at(standIn)}/faults`, fault),
  endFault: (standIn, number) => call("DELETE", `${at(standIn)}/faults?n=${number}`),
  webhooks: (standIn, switches) => call("POST", `${at(standIn)}/webhooks`, switches),
  mailbox: () => call("GET", "/api/mailbox"),
  mailboxAccess: (connected) => call("POST", "/api/mailbox/access", { connected }),
  sendMail: (what) => call("POST", "/api/mailbox/send", what),
  mail: (id) => call("GET", `/api/mailbox/mails/${encodeURIComponent(id)}`),
  deleteMail: (id) => call("DELETE", `/api/mailbox/mails/${encodeURIComponent(id)}`),
  log: (after = 0) => call("GET", `/api/log?after=${after}`),
};
