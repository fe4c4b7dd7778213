"""EEG-VLM through transformers' Auto classes, its processor's calls and its pipeline."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import AutoConfig, AutoImageProcessor, AutoModelForImageTextToText, AutoProcessor, pipeline

from eegvlm.errors import InputError
from eegvlm.images import PreparedNight
from eegvlm.lab.simulation import simulate_night
from eegvlm.model import EegVlmProcessor, checkpoint_path

pytestmark = pytest.mark.slow

NANO = checkpoint_path("nano")


@pytest.fixture(scope="module")
def processor() -> EegVlmProcessor:
    return EegVlmProcessor.from_pretrained(NANO)


@pytest.fixture(scope="module")
def pictures(processor) -> torch.Tensor:
    recording = simulate_night(hours=0.05, seed=1).recording()
    return PreparedNight.read(recording, processor.layout).pictures(np.arange(3))


@pytest.fixture(scope="module")
def images(pictures) -> list[Image.Image]:
    return [Image.fromarray(one[0].numpy()) for one in pictures]


@pytest.mark.parametrize("order", ["import eegvlm; import transformers", "import transformers; import eegvlm"])
def test_a_fresh_python_finds_every_class_after_import_eegvlm(order):
    script = f"""
{order}
from transformers import AutoConfig, AutoImageProcessor, AutoModelForImageTextToText, AutoProcessor
import eegvlm, warnings
warnings.simplefilter("error")
for auto in (AutoConfig, AutoProcessor, AutoImageProcessor, AutoModelForImageTextToText):
    print(type(auto.from_pretrained({str(NANO)!r})).__name__)
"""
    process = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=300)
    assert process.stdout.split() == [
        "EegVlmConfig",
        "EegVlmProcessor",
        "EegVlmImageProcessor",
        "EegVlmForConditionalGeneration",
    ], process.stderr


def test_another_order_of_imports_does_not_matter():
    for first in (
        "from transformers import CLIPConfig",
        "from transformers import AutoBackbone",
        "import transformers",
    ):
        script = (
            f"import eegvlm; {first}; from transformers import AutoModelForImageTextToText as A, AutoConfig as C; "
            f"print(C.from_pretrained({str(NANO)!r}) .__class__ in A._model_mapping)"
        )
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=300)
        assert done.stdout.strip() == "True", done.stderr


def test_transformers_own_models_are_left_as_they_are():
    from transformers import CLIPConfig, CLIPImageProcessor
    from transformers.models.auto.image_processing_auto import IMAGE_PROCESSOR_MAPPING

    assert AutoConfig.for_model("clip").__class__ is CLIPConfig
    assert CLIPImageProcessor.__name__.startswith(next(iter(IMAGE_PROCESSOR_MAPPING[CLIPConfig].values())).__name__[:4])


@pytest.mark.parametrize("form", ["PIL", "arrays", "nested", "tensors", "one"])
def test_images_in_any_form_are_the_same_inputs(processor, pictures, images, form):
    in_form = {
        "PIL": images,
        "arrays": [np.asarray(one) for one in images],
        "nested": [[one] for one in images],
        "tensors": list(pictures),
        "one": images[0],
    }[form]
    expected = processor(pictures=pictures[:1] if form == "one" else pictures)
    inputs = processor(images=in_form, text="<image>Stage:")
    assert set(inputs) == {"input_ids", "attention_mask", "pixel_values"}
    for name in inputs:
        torch.testing.assert_close(inputs[name], expected[name])


def test_a_picture_that_the_layout_did_not_draw_is_refused_not_resized(processor):
    with pytest.raises(InputError, match=r"reads uint8 pictures of 256 x 256 pixels.*render --raw"):
        processor(images=Image.new("L", (224, 224)), text="<image>Stage:")
    with pytest.raises(InputError, match="float64"):
        processor(images=np.zeros((256, 256)), text="<image>Stage:")
    with pytest.raises(InputError, match="only torch tensors"):
        processor(images=Image.new("L", (256, 256)), text="<image>Stage:", return_tensors="np")


def test_a_chat_is_the_prompt_that_it_was_trained_with(processor, images):
    chat = [{"role": "user", "content": [{"type": "image", "image": images[0]}, {"type": "text", "text": "Stage:"}]}]
    assert processor.apply_chat_template(chat, tokenize=False) == processor.prompts["direct"]
    inputs = processor.apply_chat_template(chat, tokenize=True, return_dict=True, return_tensors="pt")
    torch.testing.assert_close(inputs["input_ids"], processor(images=images[:1])["input_ids"])


def test_the_pipeline_answers_with_a_stage(images):
    pipe = pipeline("image-text-to-text", model=str(NANO), dtype=torch.float32)
    answer = pipe(images=images[0], text="<image>Stage:", max_new_tokens=1, return_full_text=False)
    assert answer[0]["generated_text"].strip() in {"W", "N1", "N2", "N3", "R"}


def test_what_is_saved_is_loaded_by_the_auto_classes(processor, tmp_path):
    processor.save_pretrained(tmp_path)
    assert (tmp_path / "chat_template.jinja").read_text() == processor.chat_template
    (tmp_path / "config.json").write_text((NANO / "config.json").read_text())
    assert AutoProcessor.from_pretrained(tmp_path).to_dict() == processor.to_dict()
    found = AutoImageProcessor.from_pretrained(tmp_path)
    assert (found.width, found.height, found.channels) == (256, 256, 1)


def test_a_checkpoint_of_before_gets_the_image_processor_of_its_layout(tmp_path):
    import json

    for file in Path(NANO).glob("*.json"):
        (tmp_path / file.name).write_text(file.read_text())
    config = json.loads((tmp_path / "processor_config.json").read_text())
    del config["image_processor"]
    (tmp_path / "processor_config.json").write_text(json.dumps(config))
    assert EegVlmProcessor.from_pretrained(tmp_path).image_processor.height == 256


def test_the_packaged_models_auto_model_reads_as_the_class_itself(pictures, processor):
    from eegvlm.model import EegVlmForConditionalGeneration

    ours = EegVlmForConditionalGeneration.from_pretrained(NANO, dtype=torch.float32)
    auto = AutoModelForImageTextToText.from_pretrained(NANO, dtype=torch.float32)
    inputs = processor(images=pictures)
    with torch.inference_mode():
        torch.testing.assert_close(auto(**inputs).logits, ours(**inputs).logits)
