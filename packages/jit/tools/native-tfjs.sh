#!/usr/bin/env bash
# Gives @tensorflow/tfjs-node, the fastest way to run TensorFlow.js eagerly on a CPU, its native binding. Where the
# package's own installer cannot download one, it is compiled from the C++ sources inside the npm package against the C
# API inside the tensorflow-cpu wheel of PyPI: that needs Linux on x86-64, g++, python3 with pip, and some minutes. Run
# again, it only checks that the binding works. `native-tfjs.sh gpu` does the same for @tensorflow/tfjs-node-gpu, without
# compiling. Settings: NODE_HEADERS (folder with node_api.h), TFJS_DOWNLOAD=no (do not try the installer).
set -euo pipefail
cd "$(dirname "$0")/../../.."
name=@tensorflow/tfjs-node${1:+-$1}
tensorflow=2.21.0
sha256=2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c
headers=${NODE_HEADERS:-$(node -p 'require("path").resolve(process.execPath, "../../include/node")')}
library=$PWD/.cache/tensorflow-cpu-$tensorflow

works() {
  TF_CPP_MIN_LOG_LEVEL=2 node -e '
    const tf = require(process.argv[1])
    const sum = tf.tidy(() => tf.sum(tf.matMul(tf.ones([2, 3]), tf.ones([3, 2]))).dataSync()[0])
    if (tf.getBackend() !== "tensorflow" || sum !== 12) throw new Error(`${tf.getBackend()} gives ${sum}, not 12`)
    console.log(`tfjs-node ${tf.version["tfjs-node"]} works, on TensorFlow ${tf.backend().binding.TF_Version}`)' "$package"
}

package=$(readlink -f "packages/jit/node_modules/$name")
[ -f "$package/package.json" ] || { echo "no $name here: pnpm install comes first" >&2; exit 1; }
works 2>/dev/null && exit
if [ "${TFJS_DOWNLOAD:-yes}" = yes ] && (cd "$package" && timeout 300 node scripts/install.js "${1:-cpu}" download) >/dev/null 2>&1 && works; then exit; fi
echo "the binding cannot be downloaded: compiling it"

[ "$name $(uname -sm)" = "@tensorflow/tfjs-node Linux x86_64" ] || { echo "only the CPU binding can be compiled, on Linux x86-64" >&2; exit 1; }
[ -f "$headers/node_api.h" ] || { echo "no node_api.h in $headers: name its folder by NODE_HEADERS" >&2; exit 1; }

# The two libraries and some 25 headers out of the wheel.
if [ ! -f "$library/complete" ]; then
  wheel=$(mktemp -d)
  trap 'rm -rf "$wheel"' EXIT
  echo "tensorflow-cpu==$tensorflow --hash=sha256:$sha256" >"$wheel/requirements.txt"
  python3 -m pip download --quiet --disable-pip-version-check --no-cache-dir --no-deps --only-binary=:all: \
    --implementation cp --python-version 3.11 --platform manylinux_2_27_x86_64 --platform manylinux_2_17_x86_64 \
    --dest "$wheel" --requirement "$wheel/requirements.txt"
  rm -rf "$library"
  python3 - "$wheel"/*.whl "$library" <<'PY'
import os, re, shutil, sys, zipfile
archive, library = zipfile.ZipFile(sys.argv[1]), sys.argv[2]
header = r'include/(tensorflow/c/.*|.*/(ctstring|tsl_status)\w*|.*/tsl/c/.*)\.h'
wanted = re.compile(rf'tensorflow/({header}|libtensorflow_(cc|framework)\.so\.2|LICENSE|THIRD_PARTY_NOTICES\.txt)')
for name in filter(wanted.fullmatch, archive.namelist()):
    path = name.removeprefix('tensorflow/')
    target = os.path.join(library, 'lib' if path.endswith('.so.2') else '', path)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with archive.open(name) as source, open(target, 'wb') as sink:
        shutil.copyfileobj(source, sink, 1 << 22)
PY
  strip --strip-unneeded "$library"/lib/*.so.2 2>/dev/null || true
  ln -s libtensorflow_cc.so.2 "$library/lib/libtensorflow.so"
  ln -s libtensorflow_framework.so.2 "$library/lib/libtensorflow_framework.so"
  touch "$library/complete"
fi

# deps/ is where the binding looks for the libraries at run time.
rm -rf "$package/deps" "$package/lib"
ln -s "$library" "$package/deps"
mkdir -p "$package/lib/napi-v8"
(cd "$package" && g++ -std=gnu++17 -O2 -fPIC -shared -pthread -DNAPI_VERSION=8 -DBUILDING_NODE_EXTENSION \
  -I"$headers" -Ideps/include binding/tfjs_backend.cc binding/tfjs_binding.cc \
  -Ldeps/lib -ltensorflow -ltensorflow_framework '-Wl,-rpath,$ORIGIN/../../deps/lib' -o lib/napi-v8/tfjs_binding.node)
works
