// Verifies an unpacked Rajut bundle: node verify.mjs [FOLDER] [--pin HEX]
// Needs Node.js 18 or newer, no package and no network. Written from the contracts (section "Bundle") and sharing no code
// with the agencies' software, so that two programs would have to be wrong in the same way. What it leaves to the other one:
// whether JSON is canonical, whether the proof of a fork and the order of an erasure are good, and what events mean.
import { createHash, createHmac, createPublicKey, verify as check } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, sep } from "node:path";
import { parseArgs } from "node:util";
const options = parseArgs({ options: { pin: { type: "string" } }, allowPositionals: true });
const [pin, root] = [options.values.pin, options.positionals[0] ?? "."];
const say = (text) => console.log(text.replace(/[^\x20-\x7e]/g, "?")); // nothing moves the cursor over a finding
const findings = [];
const fault = (file, what) => findings.push(`${file}: ${what}`);
const attempt = (file, work) => {
  try { return work(); } catch (error) { fault(file, error.message); }
};
const insist = (holds, what) => { if (!holds) throw new Error(what); };
const bytes = (...parts) => Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : part)));
const sha256 = (...parts) => createHash("sha256").update(bytes(...parts)).digest();
const unb64 = (text) => {
  insist(Buffer.from(text, "base64url").toString("base64url") === text, "not base64url");
  return Buffer.from(text, "base64url");
};
const unhex = (text) => Buffer.from(text, "hex");
const SPKI = unhex("302a300506032b6570032100");
const signed = (key, message, signature) =>
  check(null, message, createPublicKey({ key: bytes(SPKI, key), format: "der", type: "spki" }), signature);
const paths = readdirSync(root, { recursive: true }).filter((name) => statSync(join(root, name)).isFile());
const names = paths.map((name) => name.split(sep).join("/")).sort();
if (paths.reduce((sum, name) => sum + statSync(join(root, name)).size, 0) > 2 ** 30) {
  say("more than 1 GiB: no bundle is so large"); // a small archive may unpack to anything: none of it is read
  process.exit(1);
}
const read = (name) => readFileSync(join(root, name));
const json = (name) => JSON.parse(read(name).toString("utf8"));
const inside = (folder, end) =>
  names.filter((name) => name.startsWith(folder) && name.endsWith(end)).map((name) => [name.slice(folder.length, -end.length), name]);
const short = (log) => log.slice(log.indexOf("/") + 1);
const agencyOf = (log) => log.split("/")[1];
const KNOWN = new RegExp(
  "^(manifest\\.(json|sig)|VERIFY\\.md|verify\\.mjs|casekey|(salts|gaps|erasures)\\.json|mechanism\\.(toml|json)|directory/\\d+\\.json|forks/[0-9a-f]{64}\\.json" +
    "|logs/[a-z0-9-]+/\\d+\\.(json|jws)|(records|anchors|proofs|content|checkpoints)/[a-z0-9-]+/\\d+/\\d+\\.(jws|json|note))$",
);

// 1. Every file is what the manifest lists.
const manifest = attempt("manifest.json", () => json("manifest.json")) ?? { files: {}, withheld: [] };
for (const [name, digest] of Object.entries(manifest.files)) {
  if (!names.includes(name)) fault(name, "was removed");
  else if (sha256(read(name)).toString("hex") !== digest) fault(name, "was changed");
}
for (const name of names) {
  if (!(name in manifest.files) && !name.startsWith("manifest.")) fault(name, "was added");
  if (!KNOWN.test(name)) fault(name, "is no part of a bundle");
}

// 2. The directory is one chain, each version signed by two agencies of the one before and of itself.
const [directory, digests] = [[], []]; // version n stands at n - 1
const keys = new Map(); // kid -> public key: the same in all versions
const revoked = new Map(); // kid -> last good place
const signers = (document, signatures, message) =>
  Object.values(document.agencies).filter(
    ({ root: { kid, public: key } }) => kid in signatures && signed(unb64(key), message, unb64(signatures[kid])),
  ).length;
for (let number = 1; existsSync(join(root, `directory/${number}.json`)); number++) {
  const name = `directory/${number}.json`;
  attempt(name, () => {
    const text = read(name).toString("utf8");
    const { document, signatures } = JSON.parse(text);
    const message = bytes("rajut/directory/v1\0", text.slice('{"document":'.length, text.lastIndexOf(',"signatures":')));
    const previous = digests.at(-1)?.toString("base64url") ?? "";
    insist(Object.keys(document.agencies).length <= 8, "has too many agencies");
    insist(document.version === number && document.previous === previous, "does not follow the one before");
    insist([document, ...directory.slice(-1)].every((by) => signers(by, signatures, message) >= 2), "not signed by two agencies");
    digests.push(sha256(message));
    directory.push(document);
    for (const key of Object.values(document.agencies).flatMap((entry) => entry.keys)) {
      insist((keys.get(key.kid) ?? key.public) === key.public, `${key.kid} was another key before`);
      keys.set(key.kid, key.public);
      if (key.revoked) revoked.set(key.kid, key.to_seq);
    }
  });
}
const found = digests[0]?.toString("hex");
say(`pin ${found}: ${pin ? "compared with yours" : "compare it with the published one"}`);
if (pin && pin !== found) fault("directory/1.json", "is not the pinned directory");
const entries = (document) => Object.values(document?.agencies ?? {}).flatMap((entry) => entry.keys);
const newest = directory.at(-1);
const may = (key, name) => [name, `${name.split(".")[0]}.*`].some((grant) => key.grants.includes(grant));
const noteKeys = (grant) =>
  directory.flatMap(entries).filter((key) => key.grants.length === 1 && key.grants[0] === grant && !revoked.has(key.kid));

// 3. The exporter stands for the manifest; all agencies for the rules of the case, unless they are the published first ones.
attempt("manifest.sig", () => {
  const key = newest?.agencies[manifest.agency]?.keys.find((one) => one.kid === manifest.kid && !one.revoked);
  insist(key && may(key, "node.audit.export"), "this key may not sign for the exporter");
  insist(signed(unb64(key.public), bytes("rajut/bundle/v1\0", read("manifest.json")), read("manifest.sig")), "signature");
});
const rules = attempt("mechanism.toml", () => {
  const [text, hash] = [read("mechanism.toml").toString("utf8"), sha256(read("mechanism.toml")).toString("hex")];
  const said = names.includes("mechanism.json") ? json("mechanism.json") : { version: 1 };
  say(`rules: version ${said.version}, sha256 ${hash}${said.text ? "" : ": compare it with the published one"}`);
  insist(said.text ? said.text === text : /^version = 1$/m.test(text), "is not the first version, and not what was signed");
  const statement = `{"directory":${said.directory},"previous":"${said.previous}","text":"${hash}","version":${said.version}}`;
  const [by, given] = [directory[said.directory - 1], Object.fromEntries((said.signatures ?? []).map((one) => [one.kid, one.signature]))];
  insist(!said.text || signers(by, given, bytes("rajut/mechanism/v1\0", statement)) === Object.keys(by.agencies).length, "is not signed by all agencies");
  return said.version;
});

// 4. Records: form, signature, and that the directory lets this key write here.
const leaf = (jws) => sha256(Buffer.from([0]), jws);
const node = (left, right) => sha256(Buffer.from([1]), left, right);
const position = ({ log, seq, prev }) => `{"log":${JSON.stringify(log)},"prev":"${prev}","seq":${seq}}`;
const payloadOf = (jws) => JSON.parse(unb64(jws.toString("latin1").split(".")[1]).toString("utf8"));
const readRecord = (jws, place) => {
  const [head, payload, signature] = jws.toString("latin1").split(".");
  const { kid } = JSON.parse(unb64(head).toString());
  insist(unb64(head).toString() === `{"alg":"Ed25519","kid":"${kid}","typ":"rajut-rec+jws"}` && keys.has(kid), "header");
  insist(signed(unb64(keys.get(kid)), bytes(`${head}.${payload}`), unb64(signature)), "signature");
  const record = payloadOf(jws);
  insist(`${short(record.log)}/${record.seq}` === place, "is another record than its name says");
  const key = entries(directory[record.dir - 1]).find((one) => one.kid === kid);
  insist(key && key.log === record.log && key.from_seq <= record.seq && record.seq <= key.to_seq, "key may not write here");
  const id = sha256("rajut/id/v1\0", `${head}.${payload}`).toString("base64url");
  return { ...record, place, jws, id, key, void: record.seq > (revoked.get(kid) ?? Infinity), agency: agencyOf(record.log) };
};
const byFile = new Map();
for (const [place, name] of [...inside("records/", ".jws"), ...inside("anchors/", ".jws")]) {
  const record = attempt(name, () => readRecord(read(name), place));
  if (record) byFile.set(name, record);
}
const ofCase = [...byFile].filter(([name]) => name.startsWith("records/"));
const records = new Map(ofCase.map(([, record]) => [record.place, record]));

// 5. Checkpoints: the log's own signature, and the times of those who cosigned.
const [logKeys, witnessKeys] = attempt("directory", () => ["checkpoint", "witness"].map(noteKeys)) ?? [[], []];
const keyId = (name, algorithm, key) => sha256(name, "\n", Buffer.from([algorithm]), key).subarray(0, 4);
const readNote = (name, place) => {
  const [text, rest] = read(name).toString("utf8").split("\n\n");
  const [log, size, hash] = text.split("\n");
  insist(`${short(log)}/${size}` === place, "is another checkpoint than its name says");
  const note = { log, size: Number(size), root: Buffer.from(hash, "base64"), cosigned: new Map() };
  const lines = rest.split("\n").slice(0, -1).map((line) => [line.split(" ")[1], Buffer.from(line.split(" ")[2], "base64")]);
  const lineOf = (by, algorithm, key) => lines.find(([one, blob]) => one === by && blob.subarray(0, 4).equals(keyId(by, algorithm, key)));
  const own = logKeys.filter((one) => one.log === log && lineOf(log, 1, unb64(one.public)));
  const byLog = (key) => signed(unb64(key.public), bytes(`${text}\n`), lineOf(log, 1, unb64(key.public))[1].subarray(4));
  insist(own.length && own.every(byLog), "not signed by its log");
  for (const key of witnessKeys.filter((one) => agencyOf(one.log) !== agencyOf(log))) {
    const by = key.log.slice(0, key.log.lastIndexOf("/"));
    const line = lineOf(by, 4, unb64(key.public));
    if (!line) continue;
    const seconds = line[1].readBigUInt64BE(4);
    insist(signed(unb64(key.public), bytes(`cosignature/v1\ntime ${seconds}\n${text}\n`), line[1].subarray(12)), `signature of ${by}`);
    note.cosigned.set(agencyOf(key.log), Number(seconds));
  }
  return note;
};
const notes = new Map();
for (const [place, name] of inside("checkpoints/", ".note")) {
  const note = attempt(name, () => readNote(name, place));
  if (note) notes.set(name, note);
}

// 6. Proofs of inclusion (RFC 9162 2.1.3.2), in checkpoints and in what other records had seen.
const included = ({ jws, seq }, size, path, hash) => {
  let [at, last, sum] = [seq, size - 1, leaf(jws)];
  for (const step of path.map(unhex)) {
    if (at > last || last === 0) return false;
    const left = at % 2 || at === last;
    sum = left ? node(step, sum) : node(sum, step);
    while (left && at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)];
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return seq < size && last === 0 && sum.equals(hash);
};
const rootBy = (by, log) => {
  const [note, seen] = [notes.get(by), byFile.get(by)?.seen[log]];
  return note?.log === log ? [note.size, note.root] : seen && [seen[0], unb64(seen[1])];
};
const bounds = new Map([...records.keys()].map((place) => [place, { after: [], before: [], witnesses: new Map() }]));
for (const [place, name] of inside("proofs/", ".json")) {
  attempt(name, () => {
    const subject = records.get(place) ?? byFile.get(`anchors/${place}.jws`);
    insist(subject, "is about no record that is here and holds");
    for (const [by, path] of Object.entries(json(name))) {
      const stated = rootBy(by, subject.log);
      insist(stated && included(subject, stated[0], path, stated[1]), `does not lead to what ${by} says`);
      const [bound, other] = [bounds.get(place), byFile.get(by)];
      for (const [agency, seconds] of (bound && notes.get(by)?.cosigned) ?? []) {
        bound.witnesses.set(agency, Math.min(seconds, bound.witnesses.get(agency) ?? seconds));
        bound.before.push([(seconds + 1) * 1000, agency]);
      }
      if (other && bound && other.agency !== subject.agency) bound.before.push([Number(other.hlc.slice(0, 13)), other.agency]);
      if (other && records.has(other.place) && other.agency !== subject.agency) {
        bounds.get(other.place).after.push([Number(subject.hlc.slice(0, 13)), subject.agency]);
      }
    }
  });
}

// 7. Contents: what the record committed to, of this case.
const caseKey = names.includes("casekey") && unhex(read("casekey").toString().trim());
const tagOf = (record) =>
  createHmac("sha256", caseKey).update(bytes("rajut/tag/v1\0", position(record))).digest().subarray(0, 16).toString("base64url");
const caseName = (opener) => {
  const bits = [...sha256("rajut/case/v1\0", caseKey, opener).subarray(0, 16)].map((byte) => byte.toString(2).padStart(8, "0"));
  const fives = bits.join("").match(/.{1,5}/g).map((five) => parseInt(five.padEnd(5, "0"), 2));
  return fives.map((five) => "0123456789abcdefghjkmnpqrstvwxyz"[five]).join("");
};
const commitment = (salt, content) => {
  let size = 1024;
  while (size < 68 + content.length) size *= 2;
  const length = unhex(content.length.toString(16).padStart(8, "0"));
  return sha256("rajut/commit/v1\0", salt, caseKey, length, content, Buffer.alloc(size - 68 - content.length));
};
const salts = attempt("salts.json", () => json("salts.json")) ?? {};
const contents = new Map();
for (const [place, name] of inside("content/", ".json")) {
  attempt(name, () => {
    const [record, content] = [records.get(place), read(name)];
    insist(record && caseKey && place in salts, "has no record, key or salt");
    insist(commitment(unhex(salts[place]), content).toString("base64url") === record.cm, "is not what the record committed to");
    const event = JSON.parse(content.toString("utf8"));
    const said = [event.source, event.id, event.subject].join(" ");
    insist(said === `urn:rajut:${record.log} ${record.seq} ${manifest.case}`, "is of another place");
    insist(may(record.key, event.type.replace(/^rajut\./, "").replace(/\.v\d+$/, "")), "key may not say such a thing");
    contents.set(place, event);
  });
}
const logs = Object.values(newest?.agencies ?? {}).flatMap((entry) => entry.logs);
const openers = caseKey ? logs.filter((log) => caseName(log) === manifest.case) : [];
if (caseKey && !openers.length) fault("casekey", "is not of this case");
for (const [name, record] of caseKey ? byFile : []) {
  const ours = record.tag === tagOf(record);
  if (ours !== name.startsWith("records/")) fault(name, ours ? "is of this case, and stands apart" : "is not of this case");
}

// 8. The logs, if they are here: all records since the case began, and which of them are of the case.
const grow = (peaks, size, sum) => {
  for (let rest = size; rest % 2; rest = Math.floor(rest / 2)) sum = node(peaks.pop(), sum);
  peaks.push(sum);
};
const search = (log, least) => {
  const name = `logs/${short(log)}.jws`;
  const stretch = attempt(`logs/${short(log)}.json`, () => {
    const said = json(`logs/${short(log)}.json`);
    insist(said.peaks.length === [...said.first.toString(2)].filter((bit) => bit === "1").length, "peaks of another tree");
    return said;
  });
  attempt(name, () => {
    insist(stretch, "does not say where it begins");
    const [first, peaks] = [stretch.first, stretch.peaks.map(unhex)];
    const lines = read(name).toString("latin1").split("\n").slice(0, -1).map((line) => Buffer.from(line, "latin1"));
    lines.forEach((line, index) => grow(peaks, first + index, leaf(line)));
    const hash = peaks.length ? peaks.reduceRight((sum, peak) => node(peak, sum)) : sha256();
    const size = first + lines.length;
    const newest = [...notes.values()].filter((note) => note.log === log).sort((one, other) => other.size - one.size)[0];
    insist(newest && newest.size === size && newest.root.equals(hash), "the newest checkpoint here says otherwise");
    insist(first <= least, `begins at ${first}; the case may have records from ${least} on`);
    lines.forEach((line, index) => {
      const place = `${short(log)}/${first + index}`;
      const record = payloadOf(line);
      if (record.tag === tagOf(record) && !records.has(place)) fault(`records/${place}.jws`, "is of this case, and was left out");
      if (records.has(place) && !records.get(place).jws.equals(line)) fault(`records/${place}.jws`, "is not what the log has there");
    });
    say(`searched ${log} from ${first} to ${size - 1}`);
  });
};
if (manifest.scope === "whole" && !caseKey) fault("casekey", "is not here, so nobody can search the logs");
if (manifest.scope === "whole" && caseKey) {
  const byOpener = [...records.values()].filter((one) => openers.includes(one.log)).sort((one, other) => one.seq - other.seq);
  const begun = byOpener[0];
  if (!begun) fault("records", "the one that opened the case is not here");
  const word = byOpener.find((one) => one.to.includes(manifest.agency)) ?? begun; // readers may read what it refers to
  const gone = (attempt("erasures.json", () => json("erasures.json")) ?? []).map(({ parents }) => parents[word?.id]);
  const parents = contents.has(word?.place) ? [contents.get(word.place).data.parents] : gone;
  if (word && !parents.some((named) => named?.length === 0)) fault(`records/${word.place}.jws`, "nothing shows that the case begins with it");
  for (const log of logs) search(log, log === begun?.log ? begun.seq : (begun?.seen[log]?.[0] ?? 0));
}

// 9. Nothing is missing without a reason.
const here = new Set([...records.values()].map((record) => record.id));
const orders = (attempt("erasures.json", () => json("erasures.json")) ?? []).map(({ asked }) => asked);
const erased = new Set([...contents].filter(([place]) => orders.includes(records.get(place).id)).flatMap(([, event]) => event.data.body.events));
const stateOf = ({ place, id, to }) => {
  if (contents.has(place)) return contents.get(place).type;
  if (!to.includes(manifest.agency)) return "sealed to others";
  if (erased.has(id)) return "erased";
  if (manifest.withheld.includes(place)) return "withheld";
  if (!names.includes(`content/${place}.json`)) fault(`content/${place}.json`, "is missing, and nothing says why");
  return "missing";
};
for (const [place, event] of contents) {
  const named = event.type === "rajut.intake.case.opened.v1" ? event.data.body.mechanism : rules;
  if (rules && named !== rules) fault("mechanism.toml", "is another version than the one that the case names");
  const lost = event.data.parents.filter((parent) => !here.has(parent));
  if (lost.length) fault(`records/${place}.jws`, `refers to ${lost.join(", ")}, not here`);
}

// 10. What there is to say.
const instant = (bound) => (bound ? `${new Date(Math.min(bound[0], 253402300799999)).toISOString()} (${bound[1]})` : "?");
const inTime = (one, other) => one[0] - other[0];
const others = Object.keys(newest?.agencies ?? {}).length - 1;
for (const record of records.values()) {
  const { after, before, witnesses } = bounds.get(record.place);
  const [least, most] = [after.sort(inTime).at(-1), before.sort(inTime)[0]].map(instant);
  const by = [...witnesses.keys()].sort().join(", ") || "nobody yet";
  const only = witnesses.size && witnesses.size < others ? "only " : "";
  say(`${record.place} ${stateOf(record)}${record.void ? ", by a key that was revoked" : ""}`);
  say(`  between ${least} and ${most}; witnessed ${only}by ${by}`);
}
[...findings, `${findings.length} findings`].forEach(say);
process.exitCode = findings.length ? 1 : 0;
