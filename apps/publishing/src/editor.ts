/** What an editor shows for a program: the text over a name, and the errors. By TypeScript 5.9's language service. */
import ts from "typescript-5"

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ESNext,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  strict: true,
  exactOptionalPropertyTypes: true,
  noEmit: true,
  skipLibCheck: true,
  allowImportingTsExtensions: true,
  lib: ["lib.es2023.d.ts", "lib.esnext.disposable.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
  types: []
}

/** A program, open in an editor. */
export interface Editor {
  /** What is shown over the first place that `text` begins at. */
  readonly hover: (text: string) => string
  /** The errors of the line that holds `text`. */
  readonly errors: (text: string) => ReadonlyArray<string>
  /** Every line with an error. */
  readonly wrong: () => ReadonlyArray<string>
  /** How many types were made to check it. */
  readonly instantiations: () => number
}

/** Opens `program` as if it were the file `path`. */
export const open = (path: string, program: string): Editor => {
  const { sys } = ts
  const host: ts.LanguageServiceHost = {
    getScriptFileNames: () => [path],
    getScriptVersion: () => "1",
    getScriptSnapshot: (name) => {
      const text = name === path ? program : sys.readFile(name)
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text)
    },
    getCurrentDirectory: () => sys.getCurrentDirectory(),
    getCompilationSettings: () => options,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: (name) => name === path || sys.fileExists(name),
    readFile: (name) => (name === path ? program : sys.readFile(name)),
    readDirectory: sys.readDirectory,
    directoryExists: sys.directoryExists,
    getDirectories: sys.getDirectories,
    ...(sys.realpath && { realpath: sys.realpath })
  }
  const service = ts.createLanguageService(host)
  const lines = program.split("\n")
  const found = () =>
    service.getSemanticDiagnostics(path).map(({ messageText, start = 0 }) => ({
      line: lines[program.slice(0, start).split("\n").length - 1] ?? "",
      message: ts.flattenDiagnosticMessageText(messageText, "\n")
    }))
  return {
    hover: (text) =>
      ts.displayPartsToString(service.getQuickInfoAtPosition(path, program.indexOf(text))?.displayParts ?? []),
    errors: (text) => found().flatMap(({ line, message }) => (line.includes(text) ? [message] : [])),
    wrong: () => [...new Set(found().map(({ line }) => line))],
    instantiations: () => {
      const program = service.getProgram() as (ts.Program & { getInstantiationCount(): number }) | undefined
      return program?.getInstantiationCount() ?? 0
    }
  }
}
