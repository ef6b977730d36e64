"""The fields that each of Runway's models takes, by the call that takes it: `!` marks what it cannot do without."""

from providers.sandbox.checks import one_of

REFERENCES = "references referenceVideos referenceAudio"
KLING_3 = "promptText providerSettings audio cfgScale duration"
KLING_O3 = "promptText providerSettings audio duration"
SEEDANCE = "duration ratio audio seed referenceAudio"
OMNI = "duration ratio"

TEXT_TO_VIDEO = {
    "gen4.5": "promptText! ratio! duration! seed contentModeration outputFormat proresProfile",
    "veo3.1": "promptText! ratio! duration audio negativePrompt seed",
    "veo3.1_fast": "promptText! ratio! duration audio negativePrompt seed",
    "kling2.5_turbo_pro": "promptText! ratio duration cfgScale",
    "kling3.0_standard": f"ratio! {KLING_3}",
    "kling3.0_pro": f"ratio! {KLING_3}",
    "kling3.0_4k": f"ratio! {KLING_3}",
    "klingO3_standard": f"ratio! {KLING_O3}",
    "klingO3_pro": f"ratio! {KLING_O3}",
    "klingO3_4k": f"ratio! {KLING_O3}",
    "kling_4": "promptText! ratio duration references referenceVideos",
    "hailuo3": f"promptText! duration ratio resolution {REFERENCES}",
    "h3_max": "promptText! duration resolution seed promptExpansionMode",
    "happyhorse_1_0": "promptText! duration ratio",
    "seedance2": f"promptText! references referenceVideos {SEEDANCE}",
    "seedance2_fast": f"promptText! references referenceVideos {SEEDANCE}",
    "seedance2_mini": f"promptText! references referenceVideos {SEEDANCE}",
    "seedance2_5": f"promptText draft draftTaskId outputFormat references referenceVideos {SEEDANCE}",
    "wan3": f"promptText! audio duration ratio {REFERENCES}",
    "wan3_prime": f"promptText! audio duration ratio {REFERENCES}",
    "grok_imagine_1_5": "promptText! duration ratio resolution references referenceAudio",
    "grok_imagine_1_5_lite": "promptText! duration ratio",
    "gemini_omni_flash": f"promptText! {OMNI}",
    "gemini_omni_flash_1.1": f"promptText! references referenceVideos {OMNI}",
}
IMAGE_TO_VIDEO = {
    "gen4.5": "promptImage! promptText! ratio! duration! seed contentModeration outputFormat proresProfile",
    "gen4_turbo": "promptImage! ratio! promptText duration seed contentModeration",
    "veo3.1": "promptImage! ratio! promptText duration audio negativePrompt seed",
    "veo3.1_fast": "promptImage! ratio! promptText duration audio negativePrompt seed",
    "kling2.5_turbo_pro": "promptImage! promptText! duration cfgScale",
    "kling3.0_standard": f"promptImage! ratio {KLING_3}",
    "kling3.0_pro": f"promptImage! ratio {KLING_3}",
    "kling3.0_4k": f"promptImage! ratio {KLING_3}",
    "klingO3_standard": f"promptImage! ratio references {KLING_O3}",
    "klingO3_pro": f"promptImage! ratio references {KLING_O3}",
    "klingO3_4k": f"promptImage! ratio references {KLING_O3}",
    "kling_4": "promptImage! promptText ratio duration references referenceVideos",
    "hailuo3": "promptImage! promptText! duration ratio resolution referenceAudio",
    "h3_max": "promptImage! promptText! duration resolution seed promptExpansionMode",
    "happyhorse_1_0": "promptImage! promptText duration resolution",
    "seedance2": f"promptImage! promptText {SEEDANCE}",
    "seedance2_fast": f"promptImage! promptText {SEEDANCE}",
    "seedance2_mini": f"promptImage! promptText {SEEDANCE}",
    "seedance2_5": f"promptImage! promptText draft outputFormat {SEEDANCE}",
    "wan3": "promptImage! promptText! audio duration ratio referenceAudio referenceVideos",
    "wan3_prime": "promptImage! promptText! audio duration ratio referenceAudio referenceVideos",
    "grok_imagine_1_5": "promptImage! promptText duration resolution",
    "grok_imagine_1_5_lite": "promptImage! promptText duration ratio",
    "gemini_omni_flash": f"promptImage! promptText {OMNI}",
    "gemini_omni_flash_1.1": f"promptImage! promptText! {OMNI}",
}
VIDEO_TO_VIDEO = {
    "aleph2": "videoUri! promptText seed keyframes ratio targetAspectRatio contentModeration outputFormat"
    " proresProfile",
    "klingO3_standard": "promptVideo! promptText! providerSettings references",
    "klingO3_pro": "promptVideo! promptText! providerSettings references",
    "klingO3_4k": "promptVideo! promptText! providerSettings references",
    "kling_4": "videoUri! promptText! ratio references",
    "hailuo3": f"promptVideo! promptText! duration ratio resolution {REFERENCES}",
    "seedance2": f"promptVideo! promptText references referenceVideos {SEEDANCE}",
    "seedance2_fast": f"promptVideo! promptText references referenceVideos {SEEDANCE}",
    "seedance2_mini": f"promptVideo! promptText references referenceVideos {SEEDANCE}",
    "seedance2_5": f"promptVideo! promptText draft mode outputFormat references referenceVideos {SEEDANCE}",
    "gemini_omni_flash": "videoUri! promptText! references",
    "gemini_omni_flash_1.1": f"videoUri! promptText! mode references {OMNI}",
}
PERFORMANCE = {
    "act_two": "character! reference! bodyControl contentModeration expressionIntensity ratio seed",
}
UPSCALE = {
    "magnific_video_upscaler_creative": "videoUri! creativity flavor fpsBoost resolution sharpen smartGrain",
    "enhance_frame_rate": "videoUri! targetFramerate!",
}
FIELDS = {
    "text_to_video": TEXT_TO_VIDEO,
    "image_to_video": IMAGE_TO_VIDEO,
    "video_to_video": VIDEO_TO_VIDEO,
    "character_performance": PERFORMANCE,
    "video_upscale": UPSCALE,
}
GEN4 = one_of("1280:720", "720:1280", "1104:832", "960:960", "832:1104", "1584:672")
VEO = one_of("1280:720", "720:1280", "1080:1920", "1920:1080")
RATIOS = {
    ("text_to_video", "gen4.5"): one_of("1280:720", "720:1280"),
    ("image_to_video", "gen4.5"): GEN4,
    ("image_to_video", "gen4_turbo"): GEN4,
    ("text_to_video", "veo3.1"): VEO,
    ("text_to_video", "veo3.1_fast"): VEO,
    ("image_to_video", "veo3.1"): VEO,
    ("image_to_video", "veo3.1_fast"): VEO,
}
# Credits a second, at a cent each; the last is for models whose price is not known here.
CREDITS = {
    "gen4_turbo": 5,
    "gen4.5": 12,
    "veo3.1": 40,
    "veo3.1_fast": 15,
    "aleph2": 28,
    "hailuo3": 10,
    "": 20,
}
