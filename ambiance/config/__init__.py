"""The house as its installer writes it: `load_config` makes config.yaml and the environment into a `Config`."""

from ambiance.config.file import load_config
from ambiance.config.model import BrokerConfig, Config, HomeAssistantConfig, HttpConfig, StoreConfig

__all__ = ["BrokerConfig", "Config", "HomeAssistantConfig", "HttpConfig", "StoreConfig", "load_config"]
