from tests.oracles_loading import load as load_by_kernel
