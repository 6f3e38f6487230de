// The page to try the API: made of the document alone, so that it shows whatever the API has.

const tokens = { access: null, refresh: null };
const find = (selector, where = document) => where.querySelector(selector);

async function read(response) {
  const type = response.headers.get("Content-Type") || "";
  return type.includes("json") ? response.json() : response.blob();
}

async function call(method, address, { headers = {}, body } = {}, again = true) {
  const all = { ...headers };
  if (tokens.access) all.Authorization = `Bearer ${tokens.access}`;
  if (body !== undefined) all["Content-Type"] = "application/json";
  const response = await fetch(address, { method, headers: all, body });
  if (response.status === 401 && again && tokens.refresh && (await refresh())) {
    return call(method, address, { headers, body }, false);
  }
  return response;
}

function keep(answer) {
  tokens.access = answer ? answer.access_token : null;
  tokens.refresh = answer ? answer.refresh_token : null;
}

// Its access token has ended: the next one is fetched, once.
async function refresh() {
  const body = JSON.stringify({ refresh_token: tokens.refresh });
  keep(null);
  const response = await call("POST", "/api/admin/refresh", { body }, false);
  if (response.ok) keep(await response.json());
  else find("#who").textContent = "You are signed out.";
  return response.ok;
}

async function signIn(event) {
  event.preventDefault();
  const given = new FormData(event.target);
  const said = { login: given.get("login"), password: given.get("password") };
  if (given.get("code")) said.code = given.get("code");
  keep(null);
  const response = await call("POST", "/api/admin/sign-in", { body: JSON.stringify(said) }, false);
  const answer = await response.json();
  if (!response.ok) {
    find("#who").textContent = answer.error.message;
    return;
  }
  keep(answer);
  event.target.password.value = event.target.code.value = "";
  const me = await (await call("GET", "/api/admin/me")).json();
  const may = me.role === "admin" ? "admin" : me.grants.join(", ") || "nothing granted";
  find("#who").textContent = `Signed in: ${me.name} (${may}).`;
}

// What a schema asks for, as an example to change.
function example(schema, document, depth = 0) {
  if (schema.$ref) return example(schemaOf(schema.$ref, document), document, depth);
  if (schema.examples) return schema.examples[0];
  if (schema.default !== undefined) return schema.default;
  if (schema.enum) return schema.enum[0];
  if (schema.anyOf) return example(schema.anyOf[0], document, depth);
  if (schema.type === "object" && depth < 4) {
    const wanted = Object.entries(schema.properties || {}).filter(([name]) => (schema.required || []).includes(name));
    return Object.fromEntries(wanted.map(([name, part]) => [name, example(part, document, depth + 1)]));
  }
  return { string: "", integer: 0, number: 0, boolean: false, array: [] }[schema.type] ?? null;
}

// Words of the document: what stands between two backticks is code.
function write(words, where) {
  const parts = words.split("`").map((part, n) => {
    if (n % 2 === 0) return part;
    const code = window.document.createElement("code");
    code.textContent = part;
    return code;
  });
  where.replaceChildren(...parts);
}

const schemaOf = (ref, document) => document.components.schemas[ref.split("/").pop()];

function field(parameter) {
  const label = window.document.createElement("label");
  label.append(parameter.name + (parameter.required ? "" : " (optional)"));
  const input = window.document.createElement("input");
  input.name = parameter.name;
  input.required = parameter.required;
  input.dataset.in = parameter.in;
  input.placeholder = (parameter.schema.examples || [parameter.schema.default ?? ""])[0];
  if (parameter.schema.enum) input.placeholder = parameter.schema.enum.join(" | ");
  if (parameter.description) label.title = parameter.description;
  label.append(input);
  return label;
}

function shown(method, address, operation, document) {
  const card = find("#operation").content.cloneNode(true).firstElementChild;
  card.id = operation.operationId;
  find(".method", card).textContent = method.toUpperCase();
  find(".address", card).textContent = address;
  write(operation.summary, find(".summary", card));
  write(operation.description, find(".description", card));
  find(".parameters", card).append(...(operation.parameters || []).map(field));
  const body = operation.requestBody?.content["application/json"].schema;
  if (body) find("textarea", card).value = JSON.stringify(example(body, document), null, 2);
  find("label.body", card).hidden = !body;
  for (const [status, response] of Object.entries(operation.responses)) {
    const [term, words] = ["dt", "dd"].map((name) => window.document.createElement(name));
    term.textContent = status;
    write(response.description.replaceAll(/^- /gm, ""), words);
    find(".responses dl", card).append(term, words);
  }
  find("form", card).addEventListener("submit", (event) => send(event, card, method.toUpperCase(), address));
  return card;
}

async function send(event, card, method, address) {
  event.preventDefault();
  const button = find("button", card);
  const query = new URLSearchParams();
  const headers = {};
  let to = address;
  for (const input of card.querySelectorAll(".parameters input")) {
    if (input.dataset.in === "path") to = to.replace(`{${input.name}}`, encodeURIComponent(input.value.trim()));
    else if (!input.value) continue;
    else if (input.dataset.in === "query") query.set(input.name, input.value.trim());
    else headers[input.name] = input.value.trim();
  }
  if ([...query].length) to += `?${query}`;
  const body = find("label.body", card).hidden ? undefined : find("textarea", card).value;
  button.disabled = true;
  const began = performance.now();
  try {
    const response = await call(method, to, { headers, body });
    show(card, response, await read(response), performance.now() - began);
  } catch (error) {
    show(card, { ok: false, status: "No answer" }, { why: String(error) }, performance.now() - began);
  } finally {
    button.disabled = false;
  }
}

function show(card, response, answer, took) {
  const section = find(".answer", card);
  const picture = answer instanceof Blob;
  section.hidden = false;
  section.classList.toggle("good", response.ok);
  section.classList.toggle("bad", !response.ok);
  find(".status", section).textContent = response.status;
  find(".took", section).textContent = `${Math.round(took)} ms`;
  find("pre", section).hidden = picture;
  find("img", section).hidden = !picture;
  if (picture) find("img", section).src = URL.createObjectURL(answer);
  else find("pre", section).textContent = JSON.stringify(answer, null, 2);
}

async function begin() {
  const document = await (await fetch("/api/openapi.json")).json();
  find("#title").textContent = window.document.title = document.info.title;
  write(document.info.description, find("#about"));
  const main = find("#operations");
  main.replaceChildren();
  for (const { name } of document.tags) {
    const heading = window.document.createElement("h2");
    heading.textContent = name;
    main.append(heading);
    for (const [address, methods] of Object.entries(document.paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        if (operation.tags.includes(name)) main.append(shown(method, address, operation, document));
      }
    }
  }
  find("#sign-in").addEventListener("submit", signIn);
}

begin();
