// What Grafana's panels make of frames: transformations, overrides and value formats of @grafana/data. A JSON object a
// line comes in ({panel, frame, zone}), and one goes out: the name and the texts of every field that is shown.
// https://github.com/grafana/grafana/tree/main/packages/grafana-data
"use strict";

globalThis.navigator = { language: "en-US", languages: ["en-US"] };

const readline = require("node:readline");
const data = require("@grafana/data");
const { firstValueFrom } = require("rxjs");

globalThis.window = globalThis; // after the libraries, some of which take it for a browser

data.standardTransformersRegistry.setInit(() =>
  ["filterFieldsByNameTransformer", "organizeFieldsTransformer", "groupingToMatrixTransformer"]
    .map((name) => data.standardTransformers[name])
    .map((found) => ({ id: found.id, name: found.name, transformation: async () => found })),
);

// What the application registers for fields: the names of the standard options, and everything under `custom`.
const STANDARD = ["displayName", "unit", "decimals", "min", "max", "noValue", "mappings", "thresholds", "color", "links"];
const registry = new data.FieldConfigOptionsRegistry(() => [
  ...STANDARD.map((id) => option(id, id, false)),
  ...["align", "width", "minWidth", "hideFrom", "cellOptions", "drawStyle", "lineStyle", "fillOpacity", "stacking",
    "showPoints", "filterable", "inspect", "wrapHeaderText"].map((name) => option(`custom.${name}`, name, true)),
]);

function option(id, path, isCustom) {
  return { id, path, name: id, isCustom, process: (value) => value, shouldApply: () => true, override: () => null, editor: () => null };
}

// The application has this one, not @grafana/data: a frame for each value, called as the value is. A field that was
// renamed goes by its new name while names are made, and is called as they say afterwards.
// https://github.com/grafana/grafana/blob/main/public/app/features/transformers/partitionByValues/partitionByValues.ts
function partitionByValues(frames, { fields }) {
  const frame = frames[0];
  const keys = frame.fields.filter((one) => fields.includes(one.name));
  const rowsOf = new Map();
  for (let row = 0; row < frame.length; row++) {
    const name = keys.map((one) => one.values[row]).join(" ");
    rowsOf.set(name, [...(rowsOf.get(name) ?? []), row]);
  }
  const parts = [...rowsOf].map(([name, rows]) => ({
    name,
    length: rows.length,
    fields: frame.fields
      .filter((one) => !keys.includes(one))
      .map(({ name: own, type, config, values }) => {
        const { displayName, ...rest } = config;
        return { name: displayName ?? own, own, type, config: rest, values: rows.map((row) => values[row]) };
      }),
  }));
  data.cacheFieldDisplayNames(parts);
  for (const field of parts.flatMap((one) => one.fields)) {
    if (field.name !== field.own) {
      field.config.displayName = field.state.displayName;
      field.name = field.own;
    }
  }
  return parts;
}

async function transformed(frames, transformations) {
  for (const one of transformations) {
    if (one.id === "partitionByValues") {
      frames = partitionByValues(frames, one.options);
    } else if (data.standardTransformersRegistry.getIfExists(one.id)) {
      frames = await firstValueFrom(data.transformDataFrame([one], frames));
    } else {
      throw new Error(`no transformation ${one.id}`);
    }
  }
  return frames;
}

async function drawn({ panel, frame, zone }) {
  const frames = await transformed([data.toDataFrame(frame)], panel.transformations ?? []);
  const shown = data.applyFieldOverrides({
    data: frames,
    fieldConfig: panel.fieldConfig,
    fieldConfigRegistry: registry,
    replaceVariables: (text) => text,
    theme: data.createTheme(),
    timeZone: zone,
  });
  const fields = shown.flatMap((one) =>
    one.fields
      .filter((field) => !field.config.custom?.hideFrom?.viz)
      .map((field) => ({
        name: data.getFieldDisplayName(field, one, shown),
        type: field.type,
        custom: field.config.custom ?? {},
        min: field.config.min ?? null,
        texts: Array.from(field.values, (value) => data.formattedValueToString(field.display(value))),
      })),
  );
  const nothing = shown[0]?.fields.find((field) => field.type === "number");
  return { fields, nothing: nothing ? data.formattedValueToString(nothing.display(null)) : "" };
}

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    let answer;
    try {
      answer = await drawn(JSON.parse(line));
    } catch (error) {
      answer = { error: String(error.stack ?? error) };
    }
    process.stdout.write(JSON.stringify(answer) + "\n");
  }
})();
