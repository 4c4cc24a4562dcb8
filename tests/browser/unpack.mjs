// Unpacks the Chromium that the package carries, with its fonts and the system libraries that a bare machine lacks,
// into the folder that TMPDIR names. Run by install.py in the folder that the package is installed in.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const library = import.meta.resolve("@sparticuz/chromium");
const { inflate } = await import(library);
const archives = join(dirname(fileURLToPath(library)), "..", "bin");
const names = ["chromium.br", "fonts.tar.br", "swiftshader.tar.br", "al2023.tar.br"];
await Promise.all(names.map((name) => inflate(join(archives, name))));
