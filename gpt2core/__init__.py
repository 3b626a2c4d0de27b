"""GPT-2 with every activation named: model, trace, edits, analysis, sampling, training. Needs torch, tiktoken, safetensors, huggingface_hub."""

from gpt2core import analysis, edits
from gpt2core.beam import beam_search
from gpt2core.bpe_training import train_bpe
from gpt2core.checkpoint import Pretrained, load_pretrained, save_pretrained
from gpt2core.config import (
    GPT_CONFIG_124M,
    GPT_CONFIG_355M,
    GPT_CONFIG_774M,
    GPT_CONFIG_1558M,
    GPT_CONFIG_SMALL,
    PRESETS,
    GPTConfig,
)
from gpt2core.edits import Edit
from gpt2core.errors import Gpt2CoreError
from gpt2core.explain import Explanation, explain, sites_to_explain
from gpt2core.generation import Step, generate
from gpt2core.identities import Identity, check_identities
from gpt2core.model import GPTModel
from gpt2core.notation import NamedEdit, parse_edits
from gpt2core.quantization import reduced_precision
from gpt2core.ranking import AblationCost, ablation_costs
from gpt2core.reading import KVCache
from gpt2core.sampling import SamplingSettings, pipeline
from gpt2core.sites import SITES, Site
from gpt2core.sizes import model_parts
from gpt2core.tokenizer import Tokenizer, gpt2_tokenizer
from gpt2core.trace import Trace, trace
from gpt2core.train import TrainEvent, TrainSettings, train

__all__ = [
    "GPT_CONFIG_124M",
    "GPT_CONFIG_355M",
    "GPT_CONFIG_774M",
    "GPT_CONFIG_1558M",
    "GPT_CONFIG_SMALL",
    "PRESETS",
    "SITES",
    "AblationCost",
    "Edit",
    "Explanation",
    "GPTConfig",
    "GPTModel",
    "Gpt2CoreError",
    "Identity",
    "KVCache",
    "NamedEdit",
    "Pretrained",
    "SamplingSettings",
    "Site",
    "Step",
    "Tokenizer",
    "Trace",
    "TrainEvent",
    "TrainSettings",
    "ablation_costs",
    "analysis",
    "beam_search",
    "check_identities",
    "edits",
    "explain",
    "generate",
    "gpt2_tokenizer",
    "load_pretrained",
    "model_parts",
    "parse_edits",
    "pipeline",
    "reduced_precision",
    "save_pretrained",
    "sites_to_explain",
    "trace",
    "train",
    "train_bpe",
]
