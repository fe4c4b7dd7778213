# eegvlm on the CPU, as a user without rights:
#
#   docker build -t eeg-vlm --build-arg TORCH_INDEX=URL .
#   docker run --rm --network none --user "$(id -u):$(id -g)" -v "$PWD:/data" eeg-vlm stage night.edf
#
# TORCH_INDEX is the address of PyTorch's builds for the CPU, as pytorch.org's "Get started" names it. Without it, torch
# comes with CUDA, and the image is some gigabytes larger.
FROM python:3.11-slim AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE MANIFEST.in ./
COPY src src
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.11-slim
# torch's tests, headers and tools (195 MB) serve compilers, of which there is none here
ARG TORCH_INDEX=""
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \
    if [ -n "$TORCH_INDEX" ]; then pip install --no-cache-dir --index-url "$TORCH_INDEX" "torch>=2.11,<2.14"; fi \
    && pip install --no-cache-dir /wheels/*.whl \
    && cd "$(python -c 'import os, torch; print(os.path.dirname(torch.__file__))')" \
    && rm -r test include && find bin -type f ! -name torch_shm_manager -delete \
    && useradd --create-home --uid 1000 sleeper
# any --user finds a place for caches; nothing is fetched where the model is a packaged one
ENV HOME=/tmp \
    PYTHONUNBUFFERED=1 \
    OMP_WAIT_POLICY=PASSIVE
USER 1000
WORKDIR /data
ENTRYPOINT ["eegvlm"]
CMD ["--help"]
